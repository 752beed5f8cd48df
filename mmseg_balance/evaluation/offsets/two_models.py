"""Where two models agree, by class, and which is right where they do not."""

import torch
from torch import Tensor

from ..confusion import confusion_matrix, iou_and_acc
from ..unsupervised.agreement import agreement, agreement_iou, share_distance
from .effects import IGNORED


class TwoModels:
    """Counts pixels by what two models predict.

    Args:
        num_classes: Number of classes C.

    Attributes:
        counts: Pixels by the class of the first model (rows) and of the
            second, int64 (C, C).
        differing: Labelled pixels on which they differ, by the class of the
            first model: those that it alone has right, those that the second
            alone has, and those that neither has, int64 (3, C); None as long
            as there are no labels.
        confusion: Of the second model, rows are labels, int64 (C, C); None
            likewise.
    """

    def __init__(self, num_classes: int) -> None:
        self.counts = torch.zeros(num_classes, num_classes, dtype=torch.int64)
        self.differing: Tensor | None = None
        self.confusion: Tensor | None = None

    def add(
        self, first: Tensor, second: Tensor, labels: Tensor | None = None
    ) -> None:
        """Take an image in.

        Args:
            first, second: Predicted classes, (H, W).
            labels: (H, W), 255 where ignored. Default: without.
        """
        num = len(self.counts)
        # of predictions every pixel counts
        self.counts += confusion_matrix(second, first, num, -1).cpu()
        if labels is None:
            return
        differ = (first != second) & (labels != IGNORED)
        one, other, truth = (m[differ] for m in (first, second, labels))
        found = torch.stack(
            [
                one[where].bincount(minlength=num).cpu()
                for where in (
                    one == truth,
                    other == truth,
                    (one != truth) & (other != truth),
                )
            ]
        )
        self.differing = _sum(self.differing, found)
        self.confusion = _sum(
            self.confusion, confusion_matrix(second, labels, num).cpu()
        )

    def totals(self) -> dict[str, float]:
        """Over all classes.

        Returns:
            'agreement', percent of the pixels; 'agreement_iou', mean IoU of
            the two, percent; 'share_distance', total variation distance of
            the shares of classes, points; and with labels 'gained' and
            'lost', percent of the labelled pixels that differ and that the
            first model, or the second, alone has right, 'neither' of them.
        """
        found = dict(
            agreement=agreement(self.counts),
            agreement_iou=agreement_iou(self.counts),
            share_distance=share_distance(
                self.counts.sum(1), self.counts.sum(0)
            ),
        )
        if self.differing is not None:
            share = 100 * self.differing.sum(1) / self.differing.sum()
            names = ('gained', 'lost', 'neither')
            found |= dict(zip(names, share.tolist(), strict=True))
        return found

    def by_class(self) -> dict[str, Tensor]:
        """By class, float64 (C,); NaN for classes without a pixel.

        Returns:
            'agreement', of the pixels that the first model predicts as a
            class the share that the second does, and 'agreement_iou', 0 to
            1; 'other_predicted', the second model's share of pixels; and
            with labels its 'other_precision', 'other_recall', 'other_iou',
            and 'gained', 'lost' and 'neither': of the pixels that the first
            model alone predicts as a class the shares that it has right,
            that the second has right, and neither.
        """
        iou, kept = iou_and_acc(self.counts)
        found = dict(
            agreement=kept,
            agreement_iou=iou,
            other_predicted=self.counts.sum(0) / self.counts.sum(),
        )
        if self.differing is not None and self.confusion is not None:
            shares = self.differing.double() / self.differing.sum(0)
            names = ('gained', 'lost', 'neither')
            found |= dict(zip(names, shares, strict=True))
            counts = self.confusion.double()
            other_iou, recall = iou_and_acc(counts)
            found |= dict(
                other_precision=counts.diagonal() / counts.sum(0),
                other_recall=recall,
                other_iou=other_iou,
            )
        return found


def _sum(before: Tensor | None, found: Tensor) -> Tensor:
    return found if before is None else before + found
