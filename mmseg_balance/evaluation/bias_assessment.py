"""Which classes a network predicts too often, and what its logits say."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from mmseg_balance.logits.bias.confusion import class_bias
from mmseg_balance.logits.bias.mixtures import js_divergence, mixture_bias
from mmseg_balance.logits.mixtures.gmm import GaussianMixtureBank
from mmseg_balance.logits.offsets.reference.alignment import check_banks
from mmseg_balance.logits.progress import Track, untracked

from ..errors import UserValueError


@dataclass(frozen=True, eq=False)
class BiasAssessment:
    """Bias of a network towards each class, measured and from its logits.

    Values of a class are NaN where there is nothing to say of it: it has no
    labelled pixel, or too few for its mixtures to be fitted.

    Attributes:
        classes: Names of the C classes.
        num_pixels: Labelled pixels of each, int64 (C,).
        bias: Bias(l) by Eq. 4, float64 (C,), between -1 and 1.
        mixture_bias: Bias(l) with Eq. 5, float64 (C,).
        js_positive: Divergence of P_ll from the positive anchor in nats,
            float64 (C,).
        js_negative: Divergence of P_cl from the negative anchor, mean over
            the classes c other than l, float64 (C,) (Table 15).
        anchors: What the anchors were fitted to, for the text.
        unit: What is classified, for the text.
    """

    classes: tuple[str, ...]
    num_pixels: Tensor
    bias: Tensor
    mixture_bias: Tensor
    js_positive: Tensor
    js_negative: Tensor
    anchors: str
    unit: str = 'pixel'

    @property
    def order(self) -> list[int]:
        """Classes by falling bias; those without a labelled pixel last."""
        return (
            self.bias.nan_to_num(-math.inf)
            .argsort(descending=True, stable=True)
            .tolist()
        )

    @property
    def over_predicted(self) -> list[str]:
        """Names of the classes of positive bias, the most biased first."""
        return [self.classes[i] for i in self.order if self.bias[i] > 0]

    @property
    def under_predicted(self) -> list[str]:
        """Names of the classes of negative bias, the most biased first."""
        order = reversed(self.order)
        return [self.classes[i] for i in order if self.bias[i] < 0]

    @property
    def absent(self) -> list[str]:
        """Names of the classes without a labelled pixel."""
        return self._names(self.num_pixels == 0)

    @property
    def not_fitted(self) -> list[str]:
        """Names of classes with too few labelled pixels for mixtures."""
        return self._names(self.mixture_bias.isnan() & (self.num_pixels > 0))

    @property
    def rank_correlation(self) -> float:
        """Of the two biases over the classes that have both; or NaN."""
        return rank_correlation(self.bias, self.mixture_bias)

    def _names(self, which: Tensor) -> list[str]:
        return [self.classes[i] for i in which.nonzero().flatten().tolist()]


def assess(
    confusion: Tensor,
    bank: GaussianMixtureBank,
    anchors: GaussianMixtureBank,
    classes: Sequence[str],
    anchors_of: str = 'the same pixels, over all classes',
    track: Track = untracked,
    unit: str = 'pixel',
) -> BiasAssessment:
    """Compare the measured bias with that of the logits' distributions.

    Args:
        confusion: Pixel counts (C, C), rows are labels and columns are
            predictions.
        bank: Mixtures (C, C) of the logits, best of the same pixels.
        anchors: Bank of shape (2,), positive and negative.
        classes: Names of the classes.
        anchors_of: What the anchors were fitted to, for the text.
        track: Shows progress, see ``mmseg_balance.logits.progress``.
        unit: What is classified, 'proposal' for one.

    Returns:
        The assessment, on the CPU.

    Raises:
        ValueError: The number of classes differs, or no pixel is labelled.
    """
    num_classes = len(classes)
    if confusion.shape != (num_classes, num_classes):
        raise UserValueError(
            f'Expected `confusion` to be of shape {(num_classes,) * 2}, one '
            f'row for each class, but got {tuple(confusion.shape)}'
        )
    check_banks(bank, anchors, num_classes)
    if not bool(confusion.sum() > 0):
        raise UserValueError(
            'Expected `confusion` to count at least one labelled pixel, but '
            'it is 0 everywhere'
        )
    divergence = js_divergence(bank, anchors, track).cpu()
    own = torch.eye(num_classes, dtype=torch.bool)
    return BiasAssessment(
        classes=tuple(classes),
        num_pixels=confusion.sum(1).cpu().long(),
        bias=class_bias(confusion).cpu(),
        mixture_bias=mixture_bias(bank, track).cpu(),
        js_positive=divergence.diagonal().clone(),
        js_negative=divergence.masked_fill(own, torch.nan).nanmean(0),
        anchors=anchors_of,
        unit=unit,
    )


def rank_correlation(first: Tensor, second: Tensor) -> float:
    """Spearman's rank correlation; equal values share their mean rank.

    Args:
        first, second: Values (N,); pairs with a NaN are left out.

    Returns:
        Between -1 and 1; NaN with fewer than two pairs, or where all values
        of one are equal.
    """
    both = ~(first.isnan() | second.isnan())
    ranks = torch.stack([_ranks(first[both]), _ranks(second[both])])
    if ranks.shape[1] < 2:
        return math.nan
    deviation = ranks - ranks.mean(1, keepdim=True)
    variances = deviation.square().sum(1)
    return float(deviation.prod(0).sum() / variances.prod().sqrt())


def _ranks(values: Tensor) -> Tensor:
    below = (values[:, None] > values).sum(1)
    equal = (values[:, None] == values).sum(1)
    return (below + (equal - 1) / 2).double()
