"""Schedules of a run that goes on: whether they differ, and their replay."""

import warnings
from collections.abc import Iterator
from types import FunctionType
from typing import Any

from mmengine.runner import Runner

from ...errors import UserValueError
from .parameter_groups import named_wrappers

# what moves in a scheduler, and what it takes from the parameter groups
MOVING = ('last_step', '_global_step', '_last_value', 'base_values', 'verbose')
MOVING += ('best', 'num_bad_epochs', 'cooldown_counter')  # ReduceOnPlateau


def replay_schedule(
    runner: Runner, groups: dict[str, list[dict[str, Any]]]
) -> None:
    """Build the schedulers of the config anew, and bring them up to date.

    Args:
        runner: Runner whose parameter groups are changed, with
            ``param_schedulers``.
        groups: Settings of the parameter groups by optimizer, as built.

    Raises:
        ValueError: A schedule follows validation scores, which are not kept.
    """
    if runner.param_schedulers is None:
        return
    for name, wrapper in named_wrappers(runner):
        for group, built in zip(
            wrapper.param_groups, groups[name], strict=True
        ):
            for key, value in built.items():
                if key.startswith('initial_'):
                    group[key] = group[key.removeprefix('initial_')] = value
    cfg = runner.cfg.param_scheduler
    runner.param_schedulers = runner.build_param_scheduler(cfg)
    schedulers = [s for _, given in named_schedulers(runner) for s in given]
    if any(getattr(s, 'need_val_args', False) for s in schedulers):
        raise UserValueError(
            '--resume: param_scheduler was changed, and it follows scores of '
            'the validation, which a checkpoint does not keep: leave it as '
            'it was, or start anew with load_from'
        )
    length = len(runner.train_dataloader)
    with warnings.catch_warnings():
        # of steps before the first one of the optimizer
        warnings.simplefilter('ignore')
        for iteration in range(1, runner.iter + 1):
            for scheduler in schedulers:
                if not scheduler.by_epoch:
                    scheduler.step()
            if runner.epoch and iteration % length == 0:
                for scheduler in schedulers:
                    if scheduler.by_epoch:
                        scheduler.step()


def named_schedulers(runner: Runner) -> Iterator[tuple[str, list]]:
    """Schedulers of each optimizer by name, '' where there is one."""
    given = runner.param_schedulers or []
    if isinstance(given, dict):
        yield from given.items()
    else:
        yield '', given


def plan_of(scheduler: Any) -> dict[str, Any]:
    """What a scheduler will do, whatever it has done."""
    kept = {k: v for k, v in vars(scheduler).items() if k != 'optimizer'}
    return {k: v for k, v in kept.items() if k not in MOVING and _is_plain(v)}


def is_at_start(scheduler: Any) -> bool:
    """Whether it was not moved by the checkpoint."""
    return not scheduler.by_epoch and scheduler._global_step <= 0


def _is_plain(value: Any) -> bool:
    # dicts are milestones of MultiStep, functions the annealing of OneCycle
    plain = (bool, int, float, str, list, tuple, dict, FunctionType)
    return value is None or isinstance(value, plain)
