"""Scores of post-hoc balancing over its scale tau (Fig. 5)."""

import math
from collections.abc import Sequence
from typing import Any

import torch
from prettytable import PrettyTable
from torch import Tensor

from mmseg_balance.logits import OffsetTable
from mmseg_balance.logits.post_hoc.scores import tau_scores

from ..errors import UserValueError
from .class_scores import MEASURES
from .confusion import confusion_matrix, iou_and_acc
from .summaries import labelled_classes, summarise_group, with_ending

DEFAULT_TAUS = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0, 1.25, 1.5)
LARGEST_TAU = 10.0
# Whether more is better.
METRICS = dict(mIoU=True, mAcc=True, IoU_std=False, Acc_std=False)


def check_taus(taus: Sequence[float]) -> list[float]:
    """Refuse a grid of tau that is empty or out of range.

    Args:
        taus: Values in any order; 0 is what the model predicts without
            balancing.

    Returns:
        The values in ascending order, each once.

    Raises:
        ValueError: There is none, or one is not a number from 0 to 10.
    """
    if len(taus) == 0:
        raise UserValueError('Expected at least one tau, but got none')
    wrong = [t for t in taus if not 0 <= t <= LARGEST_TAU]
    if wrong:
        shown = ', '.join(f'{t:g}' for t in wrong)
        raise UserValueError(
            f'Expected each tau to be a number from 0 to {LARGEST_TAU:g}, '
            f'but got {shown}'
        )
    return sorted({float(t) + 0.0 for t in taus})


class TauSweep:
    """Confusion matrices of one pass over the data, one for each tau.

    Args:
        taus: Values of tau, see :func:`check_taus`.
        table: Offsets of the logits' distributions.
        domain: Index of the bank in the table.
        measures: Which of ``MEASURES`` are scored; of labels of whole images
            'Acc' alone.
    """

    def __init__(
        self,
        taus: Sequence[float],
        table: OffsetTable,
        domain: int,
        measures: Sequence[str] = MEASURES,
    ) -> None:
        self.measures = measures
        self.taus = check_taus(taus)
        self.table = table
        self.domain = domain
        shape = (len(self.taus), table.num_classes, table.num_classes)
        self.confusion = torch.zeros(shape, dtype=torch.int64)

    def add(self, logits: Tensor, labels: Tensor | None) -> Tensor:
        """Count the pixels of an image.

        Args:
            logits: (C, H, W), on the device of the table.
            labels: Labelled classes (H, W), 255 where ignored. None: nothing
                is counted.

        Returns:
            Classes that each tau predicts, (T, H, W).
        """
        predictions = tau_scores(
            logits.unsqueeze(0), self.table, self.taus, self.domain
        ).squeeze(1)
        if labels is not None:
            num_classes = self.table.num_classes
            for total, prediction in zip(
                self.confusion, predictions, strict=True
            ):
                counts = confusion_matrix(prediction, labels, num_classes)
                total += counts.cpu()
        return predictions

    def scores(
        self, classes: Sequence[str], meant: Sequence[str] | None = None
    ) -> list[dict[str, Any]]:
        """Scores of each tau, as ``BalancedIoUMetric`` has them.

        Args:
            classes: Names of the classes.
            meant: Names of those that means are over, the classes of
                ``headline``. Default: all.

        Returns:
            For each tau: 'tau', those of ``METRICS`` that are of its
            measures and 'aAcc', of IoU also with '_labelled' where a class
            has no labelled pixel, and 'IoU' and 'Acc' by class, None where
            there is none; percent or percentage points.

        Raises:
            ValueError: No pixel has a label of a class.
        """
        member = torch.tensor([meant is None or c in meant for c in classes])
        if not bool(self.confusion[:, member].any()):
            raise UserValueError(
                'no pixel of the test set has a label of a class: look at '
                'the labels of test_dataloader'
            )
        result = []
        for tau, confusion in zip(self.taus, self.confusion, strict=True):
            iou, acc = (100 * values for values in iou_and_acc(confusion))
            right = confusion.diagonal().sum() / confusion.sum()
            both = dict(IoU=iou, Acc=acc)
            found = {key: both[key] for key in self.measures}
            by_class = {
                key: dict(zip(classes, _or_none(values), strict=True))
                for key, values in found.items()
            }
            row = dict(tau=tau, **summarise_group(found, member))
            row['aAcc'] = 100 * float(right)
            # accuracies are over labelled classes in any case
            labelled = labelled_classes(acc, member) if 'IoU' in found else {}
            for name, group in labelled.items():
                row |= with_ending(summarise_group(found, group), name)
            result.append(row | by_class)
        return result


def best_taus(scores: Sequence[dict[str, Any]]) -> dict[str, float]:
    """Tau of the best value of each metric; of equal ones the smallest.

    Args:
        scores: Of :meth:`TauSweep.scores`.

    Returns:
        Tau by metric, those of ``METRICS`` that were scored.
    """
    return {
        metric: (max if more else min)(scores, key=lambda s: s[metric])['tau']
        for metric, more in METRICS.items()
        if metric in scores[0]
    }


def sweep_text(scores: Sequence[dict[str, Any]]) -> str:
    """Table of all scores, the best of each column with a star.

    Args:
        scores: Of :meth:`TauSweep.scores`.

    Returns:
        The table, and what may be read from it.
    """
    best = best_taus(scores)
    table = PrettyTable(['tau', *best, 'aAcc'])
    table.align = 'r'
    for row in scores:
        cells = [
            f'{row[m]:.2f}' + ('*' if row['tau'] == best[m] else ' ')
            for m in best
        ]
        table.add_row([f'{row["tau"]:g}', *cells, f'{row["aAcc"]:.2f}'])
    lines = ''
    if 'mIoU_labelled' in scores[0]:
        table.add_column(
            'mIoU_labelled', [f'{r["mIoU_labelled"]:.2f}' for r in scores]
        )
        lines = (
            '\nmIoU_labelled: over classes with a labelled pixel alone; mIoU '
            'counts others with 0\nwhere they are predicted, as '
            'MMSegmentation does.'
        )
    at_end = [m for m, tau in best.items() if tau == scores[-1]['tau']]
    if at_end and scores[-1]['tau'] < LARGEST_TAU and len(scores) > 1:
        lines += (
            f'\n{", ".join(at_end)}: best at the end of the grid, may be '
            'better beyond it.'
        )
    return (
        f'{table.get_string()}\n'
        '* best of its column; a larger mean and a smaller std are better. '
        'tau = 0 is\nthe model as it is. A tau that is picked here is '
        'picked on the labels of the test set:\nreport the one that another '
        f'set gave, or 1 (Eq. 7), beside it.{lines}'
    )


def _or_none(values: Tensor) -> list[float | None]:
    return [None if math.isnan(v) else v for v in values.tolist()]
