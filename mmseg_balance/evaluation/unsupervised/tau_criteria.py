"""All criteria of several tau, from one pass over images without labels."""

import math
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from mmseg_balance.logits import OffsetTable
from mmseg_balance.logits.post_hoc.scores import table_scores, tau_scores

from .agreement import agreement, agreement_iou, share_distance
from .criteria import CRITERIA
from .neighbourhood_density import IMAGES, PIXELS, soft_neighbourhood_density

# Pixels of an image whose scores are looked at; fewer of many classes, whose
# offsets cost C^2 a pixel.
LARGEST_SAMPLE = 2**14
_LOOKUPS = 2**23


class TauCriteria:
    """Sums over images, for each tau; memory does not grow with the set.

    Shares of classes count all pixels. All else is of a random sample of
    the pixels of each image, another for each, that follows from its index
    alone; an image counts by its size, in the soft neighbourhood density
    each the same. Images of a classifier have one pixel, and are neighbours
    of each other.

    What is "probability" is the score of Eq. 7, scaled to sum 1 over the
    classes; at tau = 0 the softmax of the logits.

    Args:
        taus: Scales of the offset, see ``check_taus``.
        table: Offsets of the logits' distributions.
        domain: Index of the bank in the table.
        names: Which of ``CRITERIA``.
        num_images: Images of the set.
        whole_images: Whether an image has one label, not each pixel one.
    """

    def __init__(
        self,
        taus: Sequence[float],
        table: OffsetTable,
        domain: int,
        names: Collection[str],
        num_images: int,
        whole_images: bool = False,
    ) -> None:
        self.taus = list(taus)
        self.table = table
        self.domain = domain
        self.names = [name for name in CRITERIA if name in names]
        self.whole_images = whole_images
        self.sample_size = sample_size(table.num_classes)
        self.neighbours = _some(num_images, IMAGES) if whole_images else set()
        # logits of images that are neighbours, by index
        self.rows: dict[int, Tensor] = {}
        num, classes = len(self.taus), table.num_classes
        shapes: dict[str, tuple[int, ...]] = dict(
            pixels=(),
            entropy=(num,),
            probability=(num, classes),
            images=(),
            density=(num,),
            predicted=(num, classes),
            plain=(classes,),
            teacher=(classes,),
            flip=(num, classes, classes),
            part=(num, classes, classes),
        )
        # ranks: none, one process goes over the data set; or see `merge`
        self.sums = {
            name: torch.zeros(shape, dtype=torch.float64)
            for name, shape in shapes.items()
        }

    @property
    def views(self) -> set[str]:
        """What else has to predict, see ``Criterion.view``."""
        return {CRITERIA[name].view for name in self.names} - {''}

    def add(
        self,
        index: int,
        logits: Tensor,
        predictions: Tensor,
        views: Mapping[str, Tensor] | None = None,
        is_teacher: bool = False,
    ) -> None:
        """Take an image in.

        Args:
            index: Its number, another for each.
            logits: (C, H, W), on the device of the table.
            predictions: Classes that each tau predicts, (T, H, W).
            views: Logits of :attr:`views`, (C, H, W), in the place of the
                image's own pixels.
            is_teacher: Whether ``logits`` are the teacher's, and the view
                'part' is the student.
        """
        views = views or {}
        plain = logits.argmax(0)
        self.sums['plain'] += self._count(plain)
        for i, prediction in enumerate(predictions):
            self.sums['predicted'][i] += self._count(prediction)
        if 'part' in views:
            teacher = plain if is_teacher else views['part'].argmax(0)
            self.sums['teacher'] += self._count(teacher)
        if not self.names:
            return

        flat = logits.flatten(1)
        chosen = self._sample(index, flat.shape[1]).to(flat.device)
        weight = flat.shape[1] / len(chosen)
        sample = flat[:, chosen]
        self.sums['pixels'] += flat.shape[1]
        self._add_probabilities(sample, weight)
        if index in self.neighbours:
            self.rows[index] = sample.flatten().cpu()
        own = predictions.flatten(1)[:, chosen]
        for name in self.views & views.keys():
            other = views[name].flatten(1)[:, chosen]
            found = tau_scores(
                other.unsqueeze(0), self.table, self.taus, self.domain
            )
            for i, (first, second) in enumerate(
                zip(own, found.squeeze(1), strict=True)
            ):
                pairs = first * self.table.num_classes + second
                counts = self._count(pairs, self.table.num_classes**2)
                total = self.sums[name][i]
                total += weight * counts.view_as(total)

    def merge(self, other: 'TauCriteria') -> None:
        """Take in what another has taken of other images of the set.

        Args:
            other: Of the same arguments.
        """
        for name, total in self.sums.items():
            total += other.sums[name]
        self.rows |= other.rows

    def measured(self, biases: Tensor | None = None) -> list[dict[str, Any]]:
        """The criteria of each tau.

        Args:
            biases: Of ``balanced_bias``, (T, C), where it is wanted.

        Returns:
            For each tau: 'tau', the criteria by name, and 'shares', the
            predicted share of each class in percent, a list of C. A value
            is None where it is no number, as of logits that are none.
        """
        density = self._density()
        result = []
        for i, tau in enumerate(self.taus):
            sums = self.sums
            pixels = sums['pixels']
            predicted = sums['predicted'][i]
            mean = sums['probability'][i] / pixels
            entropy = float(sums['entropy'][i] / pixels)
            bias = math.nan
            if biases is not None:
                bias = float(100 * biases[i].abs().nanmean())
            found = dict(
                snd=density[i],
                im=entropy - float(torch.special.entr(mean).sum()),
                entropy=entropy,
                flip_agreement=agreement(sums['flip'][i]),
                flip_iou=agreement_iou(sums['flip'][i]),
                teacher_agreement=agreement(sums['part'][i]),
                teacher_iou=agreement_iou(sums['part'][i]),
                teacher_shares=share_distance(predicted, sums['teacher']),
                share_shift=share_distance(predicted, sums['plain']),
                mixture_bias=bias,
            )
            row: dict[str, Any] = dict(tau=tau)
            row |= {name: _number(found[name]) for name in self.names}
            shares = 100 * predicted / predicted.sum()
            row['shares'] = [_number(share) for share in shares.tolist()]
            result.append(row)
        return result

    def _add_probabilities(self, sample: Tensor, weight: float) -> None:
        """Add what is of the scores of some pixels (C, P)."""
        if not {'entropy', 'im', 'snd'} & set(self.names):
            return
        self.sums['images'] += 1
        for i, tau in enumerate(self.taus):
            probability = self._probability(sample, tau)
            entropy = torch.special.entr(probability).sum()
            self.sums['entropy'][i] += weight * float(entropy)
            mean = probability.sum(1).double().cpu()
            self.sums['probability'][i] += weight * mean
            if 'snd' in self.names and not self.whole_images:
                near = probability[:, :PIXELS].T.cpu()
                self.sums['density'][i] += soft_neighbourhood_density(near)

    def _density(self) -> list[float]:
        if not self.whole_images:
            return (self.sums['density'] / self.sums['images']).tolist()
        if 'snd' not in self.names or not self.rows:
            return [math.nan] * len(self.taus)
        rows = torch.stack([self.rows[i] for i in sorted(self.rows)], 1)
        device = self.table.low.device
        return [
            soft_neighbourhood_density(
                self._probability(rows.to(device), tau).T.cpu()
            )
            for tau in self.taus
        ]

    def _probability(self, sample: Tensor, tau: float) -> Tensor:
        """Scores of Eq. 7 of pixels, scaled to sum 1: (C, P)."""
        scores = table_scores(
            sample.unsqueeze(0), self.table, tau, self.domain
        )
        return scores.squeeze(0).softmax(0)

    def _sample(self, index: int, num: int) -> Tensor:
        """Places of the pixels of an image, in a random order."""
        generator = torch.Generator().manual_seed(index)
        return torch.randperm(num, generator=generator)[: self.sample_size]

    def _count(self, labels: Tensor, num: int | None = None) -> Tensor:
        num = num or self.table.num_classes
        return labels.flatten().bincount(minlength=num).double().cpu()


def sample_size(num_classes: int) -> int:
    """Pixels of an image whose scores are looked at.

    Args:
        num_classes: Number of classes C.

    Returns:
        16384, from 23 classes on fewer, and 100 at least.
    """
    return min(LARGEST_SAMPLE, max(_LOOKUPS // num_classes**2, PIXELS))


def _some(total: int, num: int) -> set[int]:
    """Indices of some images of a set, drawn at random."""
    order = torch.randperm(total, generator=torch.Generator().manual_seed(0))
    return set(order[:num].tolist())


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None
