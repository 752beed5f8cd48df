"""What a resume takes from its checkpoint: no settings of the optimizer."""

import warnings
from collections.abc import Iterator
from types import FunctionType
from typing import Any

from mmengine.config import Config
from mmengine.hooks import Hook
from mmengine.optim import OptimWrapper, OptimWrapperDict
from mmengine.runner import Runner

from ..errors import UserValueError
from ..files.weights import read_weights
from .records.settings import changed_settings, settings_of

# what moves in a scheduler, and what it takes from the parameter groups
MOVING = ('last_step', '_global_step', '_last_value', 'base_values', 'verbose')
MOVING += ('best', 'num_bad_epochs', 'cooldown_counter')  # ReduceOnPlateau
# settings of speed, which newer versions of torch have more of
OPTIONAL = {'foreach', 'fused', 'capturable', 'differentiable', 'maximize'}
OPTIONAL |= {'decoupled_weight_decay', 'param_names'}
OPTIMIZATION = ('optim_wrapper', 'param_scheduler')  # looked at as built
SHOWN = 5
TAKEN = (
    '--resume: weights, teacher, statistics of losses, moments of the '
    'optimizer, iteration {} and seed are those of {}; data, losses, hooks, '
    'settings of the optimizer, schedule and max_iters those of the config'
)


class ResumedOptimizationHook(Hook):
    """Optimizer and schedule as the config of now has them.

    mmengine overrides learning rate, weight decay, betas and the end of the
    schedule by those of the checkpoint. Here the config counts: settings
    that differ are set and said, and a schedule that differs is stepped from
    its beginning to the iteration of the checkpoint.

    Args:
        runner: Built runner, before it loads its checkpoint.
        path: The checkpoint.
    """

    priority = 'VERY_HIGH'

    def __init__(self, runner: Runner, path: str) -> None:
        self.path = path
        self.groups = {
            name: [_settings(group) for group in wrapper.param_groups]
            for name, wrapper in _wrappers(runner)
        }
        # mmengine's wrapper of several groups has one more, for the log
        self.counts = {
            name: len(wrapper.optimizer.param_groups)
            for name, wrapper in _wrappers(runner)
        }
        self.schedulers = {
            name: [_plan(s) for s in schedulers]
            for name, schedulers in _schedulers(runner)
        }

    def check(self, cfg: Config) -> list[str]:
        """Refuse the state of another optimizer.

        Args:
            cfg: Config of now.

        Returns:
            Lines for the user: other settings that differ, and whether the
            checkpoint has such a state.

        Raises:
            ValueError: It is of another optimizer, or of other parameters.
        """
        if '://' in self.path:
            return []
        content = read_weights(self.path, mmap=True)
        lines = _other_changes(content.get('meta') or {}, cfg, self.path)
        saved = content.get('optimizer')
        if saved is None:
            return [
                *lines,
                f'--resume: {self.path} has no state of an optimizer, as '
                'files best_*.pth have none: its moments start anew',
            ]
        for name, groups in self.groups.items():
            key = f'optim_wrapper.{name}' if name else 'optim_wrapper'
            theirs = (saved.get(name) if name else saved) or {}
            own = groups[: self.counts[name]]
            _check_groups(key, own, theirs.get('param_groups'), self.path)
        return lines

    def before_train(self, runner: Runner) -> None:
        """Set what differs, after the state of the checkpoint is loaded."""
        runner.logger.info(TAKEN.format(runner.iter, self.path))
        if runner.iter == 0:
            return
        lines, names = [], set()
        for name, wrapper in _wrappers(runner):
            key = f'optim_wrapper.{name}' if name else 'optim_wrapper'
            changed = _follow(self.groups[name], wrapper.param_groups)
            names |= changed.keys()
            lines += [
                f'{key}.optimizer.{setting} was {then}, is {now}'
                for setting, (then, now) in changed.items()
            ]
        plans = {
            name: [_plan(s) for s in schedulers]
            for name, schedulers in _schedulers(runner)
        }
        differs = plans != self.schedulers or any(
            _is_at_start(s) for _, given in _schedulers(runner) for s in given
        )
        if differs:
            lines.append('param_scheduler is not that of the checkpoint')
        if differs or 'lr' in names:
            replay_schedule(runner, self.groups)
            rates = {
                group['lr']
                for _, wrapper in _wrappers(runner)
                for group in wrapper.param_groups
            }
            lines.append(
                f'the learning rate goes on with {max(rates):.4g}, as in a '
                'run that had this schedule from its beginning'
            )
        if lines:
            runner.logger.warning(
                f'--resume: the config counts: {"; ".join(lines)}'
            )


def prepare_resume(runner: Runner, path: str) -> None:
    """Give a runner the hook, and say what of its config is new.

    Args:
        runner: Built runner, before it loads its checkpoint.
        path: The checkpoint.

    Raises:
        ValueError: See :meth:`ResumedOptimizationHook.check`.
    """
    hook = ResumedOptimizationHook(runner, path)
    for line in hook.check(runner.cfg):
        runner.logger.warning(line)
    runner.register_hook(hook)


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
    for name, wrapper in _wrappers(runner):
        for group, built in zip(
            wrapper.param_groups, groups[name], strict=True
        ):
            for key, value in built.items():
                if key.startswith('initial_'):
                    group[key] = group[key.removeprefix('initial_')] = value
    cfg = runner.cfg.param_scheduler
    runner.param_schedulers = runner.build_param_scheduler(cfg)
    schedulers = [s for _, given in _schedulers(runner) for s in given]
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


def _wrappers(runner: Runner) -> Iterator[tuple[str, OptimWrapper]]:
    """Optimizer wrappers by name, '' where there is one."""
    if isinstance(runner.optim_wrapper, OptimWrapperDict):
        yield from runner.optim_wrapper.items()
    else:
        yield '', runner.optim_wrapper


def _schedulers(runner: Runner) -> Iterator[tuple[str, list]]:
    """Schedulers of each optimizer by name, '' where there is one."""
    given = runner.param_schedulers or []
    if isinstance(given, dict):
        yield from given.items()
    else:
        yield '', given


def _settings(group: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in group.items() if key != 'params'}


def _plan(scheduler: Any) -> dict[str, Any]:
    """What a scheduler will do, whatever it has done."""
    kept = {k: v for k, v in vars(scheduler).items() if k != 'optimizer'}
    return {k: v for k, v in kept.items() if k not in MOVING and _is_plain(v)}


def _is_plain(value: Any) -> bool:
    # dicts are milestones of MultiStep, functions the annealing of OneCycle
    plain = (bool, int, float, str, list, tuple, dict, FunctionType)
    return value is None or isinstance(value, plain)


def _is_at_start(scheduler: Any) -> bool:
    """Whether it was not moved by the checkpoint."""
    return not scheduler.by_epoch and scheduler._global_step <= 0


def _other_changes(meta: dict, cfg: Config, path: str) -> list[str]:
    """Settings besides the optimizer's that differ, as one line."""
    before = settings_of(meta)
    if before is None:
        return []
    changes = [
        str(change)
        for change in changed_settings(before, cfg)
        if change.key.split('.')[0] not in OPTIMIZATION
    ]
    if not changes:
        return []
    more = len(changes) - SHOWN
    return [
        f'--resume: the config differs from that of {path}, and counts: '
        + '; '.join(changes[:SHOWN])
        + (f' and {more} more' if more > 0 else '')
    ]


def _check_groups(
    key: str, groups: list[dict], saved: list[dict] | None, path: str
) -> None:
    """Refuse a state that the optimizer could not take."""
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


def _follow(
    built: list[dict[str, Any]], groups: list[dict[str, Any]]
) -> dict[str, tuple[Any, Any]]:
    """Give parameter groups the settings that they were built with.

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
