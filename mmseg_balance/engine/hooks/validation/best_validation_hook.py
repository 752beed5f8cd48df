"""The best validation of a training, told and not used."""

from collections.abc import Mapping

from mmengine.hooks import Hook
from mmengine.runner import Runner

BEST_KEY = 'best_validation'


class BestValidationHook(Hook):
    """Says at the end of a training which validation was the best.

    Public code on domain adaptation of classifiers tests its best snapshot,
    chosen on the labels of the target set. Here the last one counts; both are
    printed, so that numbers can be set beside those. Which score chooses, a
    metric says by its attribute ``snapshots_by``; without one nothing is
    said. Of equal ones the first is the best.

    ``ResumableIterBasedTrainLoop`` adds it.
    """

    def after_val_epoch(
        self, runner: Runner, metrics: Mapping[str, float] | None = None
    ) -> None:
        """Keep the scores where they are the best so far.

        Args:
            runner: The runner; its message hub, and so each checkpoint,
                keeps them.
            metrics: Scores of the validation.
        """
        name = chosen_by(runner)
        metrics = metrics or {}
        if name not in metrics:
            return
        best = runner.message_hub.runtime_info.get(BEST_KEY)
        now = dict(_shown(metrics), iter=runner.iter)
        if best is None or now[name] > best.get(name, -1):
            best = now
        runner.message_hub.update_info(BEST_KEY, best)
        self._last = now

    def after_train(self, runner: Runner) -> None:
        """Print the best and the last.

        Args:
            runner: The runner.
        """
        name = chosen_by(runner)
        best = runner.message_hub.runtime_info.get(BEST_KEY)
        last = getattr(self, '_last', None)
        if not name or not best or not last:
            return
        runner.logger.info(
            f'last validation: {_text(last)}\n'
            f'best validation by {name}: {_text(best)}. It is chosen on '
            'labels of the set that is scored, of the target domain: used '
            'for nothing here, report the last'
        )


def chosen_by(runner: Runner) -> str | None:
    """Score that public code picks a snapshot by; None where it picks none.

    Args:
        runner: The runner.
    """
    evaluator = getattr(runner.val_loop, 'evaluator', None)
    for metric in getattr(evaluator, 'metrics', ()):
        name = getattr(metric, 'snapshots_by', None)
        if name is not None:
            return f'{metric.prefix}/{name}' if metric.prefix else name
    return None


def _shown(metrics: Mapping[str, float]) -> dict[str, float]:
    """Scores over all classes, without those of groups and classes."""
    means = ('mAcc', 'Acc_std', 'aAcc')
    return {
        k: float(v)
        for k, v in metrics.items()
        if k.rpartition('/')[2] in means
    }


def _text(scores: Mapping[str, float]) -> str:
    numbers = (f'{k} {v:.2f}' for k, v in scores.items() if k != 'iter')
    return f'{", ".join(numbers)} (iteration {scores["iter"]})'
