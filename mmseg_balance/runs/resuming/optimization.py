"""What a resume takes from its checkpoint: no settings of the optimizer."""

from mmengine.config import Config
from mmengine.hooks import Hook
from mmengine.runner import Runner

from ...files.weights import read_weights
from ..records.settings import changed_settings, settings_of
from .parameter_groups import (
    check_groups,
    follow_config,
    group_settings,
    named_wrappers,
)
from .schedule import (
    is_at_start,
    named_schedulers,
    plan_of,
    replay_schedule,
)

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
            name: [group_settings(group) for group in wrapper.param_groups]
            for name, wrapper in named_wrappers(runner)
        }
        # mmengine's wrapper of several groups has one more, for the log
        self.counts = {
            name: len(wrapper.optimizer.param_groups)
            for name, wrapper in named_wrappers(runner)
        }
        self.schedulers = {
            name: [plan_of(s) for s in schedulers]
            for name, schedulers in named_schedulers(runner)
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
            check_groups(key, own, theirs.get('param_groups'), self.path)
        return lines

    def before_train(self, runner: Runner) -> None:
        """Set what differs, after the state of the checkpoint is loaded."""
        runner.logger.info(TAKEN.format(runner.iter, self.path))
        if runner.iter == 0:
            return
        lines, names = [], set()
        for name, wrapper in named_wrappers(runner):
            key = f'optim_wrapper.{name}' if name else 'optim_wrapper'
            changed = follow_config(self.groups[name], wrapper.param_groups)
            names |= changed.keys()
            lines += [
                f'{key}.optimizer.{setting} was {then}, is {now}'
                for setting, (then, now) in changed.items()
            ]
        plans = {
            name: [plan_of(s) for s in schedulers]
            for name, schedulers in named_schedulers(runner)
        }
        differs = plans != self.schedulers or any(
            is_at_start(s)
            for _, given in named_schedulers(runner)
            for s in given
        )
        if differs:
            lines.append('param_scheduler is not that of the checkpoint')
        if differs or 'lr' in names:
            replay_schedule(runner, self.groups)
            rates = {
                group['lr']
                for _, wrapper in named_wrappers(runner)
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
