"""The hooks that a model depends on: added where missing, once each."""

from collections.abc import Iterator
from typing import Any

from mmengine.config import Config
from mmengine.hooks import Hook
from mmengine.runner import Runner
from mmseg.registry import HOOKS, MODELS

from ...errors import UserValueError
from ...files.config_walk import class_of, dicts_in, type_name
from ...models.declarations import declared, hooks_of
from ...models.wrapped_segmentor import unwrapped
from ..typos import nearest, registered

PACKAGE = __package__.partition('.')[0]


def add_needed_hooks(cfg: Config) -> list[str]:
    """Add the hooks that the model cannot be trained without.

    A list in a config replaces that of its base files, so whoever adds a
    hook of their own loses those of the method.

    Args:
        cfg: Config of a training run; ``custom_hooks`` is changed.

    Returns:
        A line for each hook that was added.

    Raises:
        ValueError: There is no such hook.
    """
    present = [hook for _, hook in _keyed_hooks(cfg)]
    added = {
        name: reason
        for name, reason in needed_hooks(cfg.model)
        if not any(is_hook(hook, name) for hook in present)
    }
    for name, reason in added.items():
        _hook_class(name, reason)
    if added:
        cfg.custom_hooks = [
            *(dict(type=name) for name in added),
            *(cfg.get('custom_hooks') or ()),
        ]
    return [_added_line(*item) for item in added.items()]


def register_needed_hooks(runner: Runner) -> None:
    """Add the hooks of what a model builds without a config of its own.

    A method makes its objectives itself, for one.

    Args:
        runner: Runner with its model, whose config has gone through
            :func:`add_needed_hooks`; says what it was given.
    """
    config, model = runner.cfg.model, unwrapped(runner.model)
    in_config = [class_of(part, MODELS) for part in dicts_in(config)]
    kinds = {
        type(module)
        for module in model.modules()
        if module is model or not hasattr(module, 'builds_teacher')
    }
    for kind in sorted(kinds - set(in_config), key=lambda k: k.__name__):
        for name, reason in hooks_of(dict(type=kind)).items():
            if register_hook(runner, name, reason):
                runner.logger.warning(_added_line(name, reason))


def register_hook(runner: Runner, name: str, reason: str = '') -> bool:
    """Give a runner a hook, unless it has one.

    Args:
        runner: The runner.
        name: Name under which the hook is registered.
        reason: What of the model needs it, for the error.

    Returns:
        Whether it had none.

    Raises:
        ValueError: There is no such hook.
    """
    if any(is_hook(hook, name) for hook in runner.hooks):
        return False
    runner.register_hook(_hook_class(name, reason)())
    return True


def register_metric_hooks(runner: Runner, loop: Any) -> None:
    """Add the hooks that the metrics of an evaluation depend on.

    Args:
        runner: Runner with its model.
        loop: Its loop of validation or test; None: there is none.

    Raises:
        ValueError: There is no such hook.
    """
    evaluator = getattr(loop, 'evaluator', None)
    for metric in getattr(evaluator, 'metrics', ()):
        for name in getattr(metric, 'required_hooks', ()):
            register_hook(runner, name)


def needed_hooks(model: dict) -> Iterator[tuple[str, str]]:
    """Hooks without which a model would silently train something else.

    Args:
        model: Config of the model.

    Yields:
        Type of the hook, and what of the model needs it, as the classes of
        its parts say; see :mod:`mmseg_balance.models.declarations`.
    """
    if declared(model, 'not_trainable'):
        return
    for part in dicts_in(model):
        # the outermost one is what hooks find, which moves those within itself
        if part is model or not declared(part, 'builds_teacher'):
            yield from hooks_of(part).items()


def check_copies(cfg: Config) -> None:
    """Refuse a hook of this package, or that the model needs, twice.

    Each copy would move the teacher, or update the mixtures, once more in
    every iteration.

    Args:
        cfg: Config with ``custom_hooks`` and ``default_hooks``.

    Raises:
        ValueError: Names the hook and the keys.
    """
    kinds = {key: class_of_hook(hook) for key, hook in _keyed_hooks(cfg)}
    acting = {HOOKS.get(name): name for name, _ in needed_hooks(cfg.model)}
    acting |= {
        base: base.__name__
        for kind in kinds.values()
        for base in getattr(kind, '__mro__', ())
        if issubclass(base, Hook)  # no protocol
        and base.__module__.partition('.')[0] == PACKAGE
    }
    for kind, name in acting.items():
        places = [
            key
            for key, found in kinds.items()
            if kind in getattr(found, '__mro__', ())
        ]
        if len(places) > 1:
            raise UserValueError(
                f'{" and ".join(places)} are both {name}, which would act '
                f'{len(places)} times in each iteration: leave one of them'
            )


def has_teacher(model: dict) -> bool:
    """Whether a model config builds a teacher.

    Args:
        model: Config of the model.
    """
    builds = declared(model, 'builds_teacher')
    return builds is not None and builds(model)


def is_hook(hook: Any, name: str) -> bool:
    """Whether a hook is the one of a name, or derives from it.

    Args:
        hook: Config of a hook, or the hook.
        name: Name under which a hook is registered.
    """
    bases = getattr(class_of_hook(hook), '__mro__', ())
    return type_name(hook) == name or HOOKS.get(name) in bases


def class_of_hook(hook: Any) -> Any:
    """Class of a hook; None where it is not registered.

    Args:
        hook: Config of a hook, or the hook.
    """
    return class_of(hook, HOOKS) if isinstance(hook, dict) else type(hook)


def _hook_class(name: str, reason: str) -> type[Hook]:
    kind = HOOKS.get(name)
    if kind is None:
        close = nearest(name, registered('hook'))
        raise UserValueError(
            f'required_hooks names {name}'
            + (f' (model has {reason})' if reason else '')
            + ', which is not registered as a hook: '
            + (f'did you mean {close}? Else ' if close else '')
            + 'name its module in custom_imports.imports'
        )
    return kind


def _added_line(name: str, reason: str) -> str:
    return (
        f"custom_hooks lacks {name}: dict(type='{name}') is added, since "
        f'model has {reason}'
    )


def _keyed_hooks(cfg: Config) -> Iterator[tuple[str, Any]]:
    """The hooks of a config with their keys."""
    for i, hook in enumerate(cfg.get('custom_hooks') or ()):
        yield f'custom_hooks[{i}]', hook
    for key, hook in (cfg.get('default_hooks') or {}).items():
        yield f'default_hooks.{key}', hook
