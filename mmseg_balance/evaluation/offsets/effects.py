"""Offsets that the pixels of a set get, by label and by pseudo-label."""

import torch
from torch import Tensor

from mmseg_balance.logits import LogitStatistics
from mmseg_balance.logits.bias import class_bias, mixture_bias
from mmseg_balance.logits.progress import Track, untracked
from mmseg_balance.logits.statistics.domain_statistics import DOMAINS

from ..confusion import confusion_matrix, iou_and_acc
from .moments import ClassMoments

IGNORED = 255
# pixels by their class, and whether it is true: those that are labelled c,
# predicted as c, and the latter by whether the label says so
LABELLED, PREDICTED, RIGHT, WRONG = 'labelled', 'predicted', 'right', 'wrong'
GROUPS = (LABELLED, PREDICTED, RIGHT, WRONG)
MARGIN = 'margin'


class OffsetEffects:
    """Which pixels the offsets of some distributions lift, and how far.

    A pixel that is taken for one of class c (by its label on the source, by
    a pseudo-label on the target) has the offset Delta_cc(z) of its own logit
    (Eq. 6, 9 of BLDA). Training subtracts tau times it, so that a positive
    one has the logit learnt higher. A pseudo-label that is wrong is lifted
    all the same: precision says how many of them are right.

    Args:
        statistics: Distributions, on the device of the logits. Offsets of a
            domain that was never fitted are NaN.
        num_classes: Number of classes C.

    Attributes:
        moments: By domain and group of pixels: the offset of their own
            logit. Of group ``MARGIN``, over the pixels predicted as a class:
            its offset less that of the largest other logit: tau times it is
            what the margin between the two has to grow by.
        predicted: Pixels predicted as each class, int64 (C,).
        confusion: Labelled pixels, rows are labels, int64 (C, C); None as
            long as there are no labels.
    """

    def __init__(self, statistics: LogitStatistics, num_classes: int) -> None:
        self.statistics = statistics
        self.num_classes = num_classes
        self.predicted = torch.zeros(num_classes, dtype=torch.int64)
        self.confusion: Tensor | None = None
        self.moments = {
            (domain, group): ClassMoments(num_classes)
            for domain in DOMAINS
            for group in (*GROUPS, MARGIN)
        }

    @torch.no_grad()
    def add(self, logits: Tensor, labels: Tensor | None = None) -> Tensor:
        """Take an image in.

        Args:
            logits: float32 (C, H, W).
            labels: int64 (H, W), 255 where ignored. Default: without.

        Returns:
            What is predicted, (H, W).
        """
        predicted = logits.argmax(0)
        self.predicted += torch.bincount(
            predicted.flatten(), minlength=self.num_classes
        ).cpu()
        if labels is not None:
            found = confusion_matrix(predicted, labels, self.num_classes)
            before = 0 if self.confusion is None else self.confusion
            self.confusion = before + found.cpu()
        for domain, number in DOMAINS.items():
            self._add_offsets(domain, number, logits, predicted, labels)
        return predicted

    def _add_offsets(
        self,
        domain: str,
        number: int,
        logits: Tensor,
        predicted: Tensor,
        labels: Tensor | None,
    ) -> None:
        offset = self._offset(logits, predicted, number)
        own = _of_class(offset, predicted)
        rival = logits.scatter(0, predicted.unsqueeze(0), -torch.inf).argmax(0)
        groups: dict[str, tuple[Tensor, Tensor, Tensor | None]] = {
            PREDICTED: (own, predicted, None),
            MARGIN: (own - _of_class(offset, rival), predicted, None),
        }
        if labels is not None:
            known = labels != IGNORED
            is_right = predicted == labels
            groups[RIGHT] = own, predicted, is_right
            groups[WRONG] = own, predicted, known & ~is_right
            classes = labels.masked_fill(~known, 0)
            offset = self._offset(logits, classes, number)
            groups[LABELLED] = _of_class(offset, classes), labels, None
        for group, pixels in groups.items():
            self.moments[domain, group].add(*pixels)

    def _offset(self, logits: Tensor, classes: Tensor, number: int) -> Tensor:
        """Offsets of all logits (C, H, W) of pixels of given classes."""
        return self.statistics.table.lookup(
            logits.unsqueeze(0),
            classes.unsqueeze(0),
            torch.full_like(classes, number).unsqueeze(0),
            ignore_index=-1,
        ).squeeze(0)

    def fitted(self, domain: str) -> Tensor:
        """Classes whose distributions of a domain were fitted, bool (C,)."""
        bank = getattr(self.statistics, domain)
        return (bank.num_updates.diagonal() > 0).cpu()

    def offset(self, domain: str, group: str) -> tuple[Tensor, Tensor]:
        """Mean and standard deviation of the offset.

        Args:
            domain: ``'source'`` or ``'target'``: whose distributions.
            group: Of ``GROUPS``, or ``MARGIN``.

        Returns:
            float64 (C,) each, in units of the logits; NaN where no pixel is
            of the group, or nothing was fitted.
        """
        moments = self.moments[domain, group]
        unknown = ~self.fitted(domain)
        return (
            moments.mean.masked_fill(unknown, torch.nan),
            moments.std.masked_fill(unknown, torch.nan),
        )

    def support(self, domain: str) -> Tensor:
        """Updates of each class among those of its bank, float64 (C,)."""
        bank = getattr(self.statistics, domain)
        done = bank.num_updates.diagonal().double() / bank.step
        return done.clamp(max=1).cpu()

    def pair_shares(self) -> Tensor:
        """Share of pixels that the statistics of (c, l) come from.

        Those of a pair rest on all pixels that are taken for class c,
        whatever logit l. Of the pixels labelled with each class (rows): the
        share that is taken for each (columns).

        Returns:
            float64 (C, C); NaN rows for classes without a labelled pixel.
        """
        assert self.confusion is not None
        counts = self.confusion.double()
        return counts / counts.sum(1, keepdim=True)

    def scores(self) -> dict[str, Tensor]:
        """Scores of the pseudo-labels by class, from 0 to 1.

        Returns:
            'predicted', the share of pixels; and with labels 'labelled',
            'precision', the share of pseudo-labels that are right, 'recall'
            and 'iou'; float64 (C,) each, NaN where there is none.
        """
        found = dict(predicted=self.predicted / self.predicted.sum())
        if self.confusion is not None:
            counts = self.confusion.double()
            iou, recall = iou_and_acc(counts)
            found |= dict(
                labelled=counts.sum(1) / counts.sum(),
                precision=counts.diagonal() / counts.sum(0),
                recall=recall,
                iou=iou,
            )
        return found

    def biases(self, track: Track = untracked) -> dict[str, Tensor]:
        """Bias by Eq. 5 of each domain, and with labels by Eq. 4.

        Args:
            track: Shows progress, see ``mmseg_balance.logits.progress``.

        Returns:
            'bias_source', 'bias_target', and 'bias'; float64 (C,) each, NaN
            for classes of which nothing is known.
        """
        found = {
            f'bias_{d}': mixture_bias(getattr(self.statistics, d), track).cpu()
            for d in DOMAINS
        }
        if self.confusion is not None:
            found['bias'] = class_bias(self.confusion)
        return found


def _of_class(values: Tensor, classes: Tensor) -> Tensor:
    """Values (C, H, W) of one class a pixel, (H, W)."""
    return values.gather(0, classes.unsqueeze(0)).squeeze(0)
