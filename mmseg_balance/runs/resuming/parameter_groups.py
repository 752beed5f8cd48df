"""Settings of an optimizer's parameter groups, as built and as saved."""

from collections.abc import Iterator
from typing import Any

from mmengine.optim import OptimWrapper, OptimWrapperDict
from mmengine.runner import Runner

from ...errors import UserValueError

# settings of speed, which newer versions of torch have more of
OPTIONAL = {'foreach', 'fused', 'capturable', 'differentiable', 'maximize'}
OPTIONAL |= {'decoupled_weight_decay', 'param_names'}


def named_wrappers(runner: Runner) -> Iterator[tuple[str, OptimWrapper]]:
    """Optimizer wrappers by name, '' where there is one."""
    if isinstance(runner.optim_wrapper, OptimWrapperDict):
        yield from runner.optim_wrapper.items()
    else:
        yield '', runner.optim_wrapper


def group_settings(group: dict[str, Any]) -> dict[str, Any]:
    """Those of one group, without its parameters."""
    return {key: value for key, value in group.items() if key != 'params'}


def check_groups(
    key: str, groups: list[dict], saved: list[dict] | None, path: str
) -> None:
    """Refuse a state that the optimizer could not take.

    Args:
        key: Key of the optimizer wrapper in the config.
        groups: Settings of its groups, as built.
        saved: Those of the checkpoint; None where it has none.
        path: The checkpoint.

    Raises:
        ValueError: Their number differs, or one lacks a setting.
    """
    if saved is None or len(saved) != len(groups):
        number = 'none' if saved is None else len(saved)
        raise UserValueError(
            f'--resume: {path} has {number} groups of parameters for {key}, '
            f'the config gives {len(groups)}: resume with the paramwise_cfg '
            'that it was trained with, or start anew with load_from'
        )
    for mine, theirs in zip(groups, saved, strict=True):
        own = {k for k in mine if not k.startswith('initial_')}
        lacking = own - theirs.keys() - OPTIONAL
        if lacking:
            raise UserValueError(
                f'--resume: {path} is of another optimizer than '
                f'{key}.optimizer: it has no {", ".join(sorted(lacking))}. '
                'Resume with the optimizer.type that it was trained with, or '
                'start anew with load_from'
            )


def follow_config(
    built: list[dict[str, Any]], groups: list[dict[str, Any]]
) -> dict[str, tuple[Any, Any]]:
    """Give parameter groups the settings that they were built with.

    Args:
        built: Settings of the groups, as built.
        groups: The groups, as loaded, which are changed.

    Returns:
        By setting: value of the checkpoint and of the config, of the first
        group that differs.
    """
    changed: dict[str, tuple[Any, Any]] = {}
    for mine, group in zip(built, groups, strict=True):
        moved = {
            k.removeprefix('initial_') for k in mine if k[:8] == 'initial_'
        }
        for key, value in mine.items():
            if key in moved or key in OPTIONAL:
                continue
            if group.get(key) != value:
                name = key.removeprefix('initial_')
                changed.setdefault(name, (group.get(key), value))
                group[key] = value
    return changed
