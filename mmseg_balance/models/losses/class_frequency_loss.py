"""Class weights from frequencies: inverse, and by effective number."""

import math
from typing import Any

import torch
from mmseg.registry import MODELS
from torch import Tensor

from ...errors import UserValueError
from ...number_checks import check_number
from .class_weights.class_counts import check_unit
from .counted_loss import CountedLoss
from .pixel_loss import cross_entropy


def normalized_weights(weights: Tensor, present: Tensor) -> Tensor:
    """Scale weights to a mean of 1 over the classes that occur.

    Args:
        weights: (C,).
        present: bool (C,); the weights of the others become 1.
    """
    weights = weights.where(present, 0)
    total = weights.sum().clamp(min=torch.finfo(weights.dtype).tiny)
    return (weights * present.sum() / total).where(present, 1)


def inverse_frequency_weights(counts: Tensor) -> Tensor:
    """Weights 1 / n_c, their mean 1.

    Args:
        counts: n_c, float64 (C,).

    Returns:
        float64 (C,); 1 where n_c = 0.
    """
    return normalized_weights(1 / counts.clamp(min=1), counts > 0)


def effective_number_weights(counts: Tensor, beta: float) -> Tensor:
    """Weights (1 - beta) / (1 - beta^n_c), their mean 1.

    Class-Balanced Loss Based on Effective Number of Samples (CVPR 2019).

    Args:
        counts: n_c, float64 (C,).
        beta: [0, 1); 0 gives weights 1, near 1 inverse frequency.

    Returns:
        float64 (C,); 1 where n_c = 0.
    """
    if beta == 0:
        return torch.ones_like(counts)
    effective = -torch.expm1(counts.clamp(min=1) * math.log(beta))
    return normalized_weights(1 / effective, counts > 0)


@MODELS.register_module()
class InverseFrequencyLoss(CountedLoss):
    """Cross entropy whose classes are weighted by 1 / frequency.

    The usual weights, of pixels or of images with the class, as GBW (2024)
    compares itself with in its Table 4b. Scaled to a mean of 1.

    Args:
        num_classes: Number of classes C.
        unit: What is counted: 'pixels' or 'images'.
        focal_gamma: Above 0, the focal loss takes the place of cross
            entropy.
        loss_name: Name of the loss in the log.
        **kwargs: See :class:`CountedLoss`.

    Raises:
        ValueError: A setting out of range.
    """

    def __init__(
        self,
        num_classes: int,
        unit: str = 'pixels',
        focal_gamma: float = 0.0,
        loss_name: str = 'loss_inverse_frequency',
        **kwargs: Any,
    ) -> None:
        super().__init__(num_classes, loss_name=loss_name, **kwargs)
        check_unit(unit, self.counts, type(self).__name__)
        check_number(type(self).__name__, 'focal_gamma', focal_gamma)
        self.unit = unit
        self.focal_gamma = focal_gamma

    def class_weights(self) -> Tensor:
        """Weights of the classes, float64 (C,)."""
        return inverse_frequency_weights(self.counts.of(self.unit))

    def losses_and_weights(
        self,
        logits: Tensor,
        target: Tensor,
        known: Tensor,
        weight: Tensor | None,
    ) -> tuple[Tensor, Tensor | None]:
        """Loss of each pixel, and the weights of the classes."""
        loss = cross_entropy(logits, target, self.focal_gamma)
        return loss, self.class_weights()


@MODELS.register_module()
class ClassBalancedLoss(InverseFrequencyLoss):
    """Classes weighted by their effective number of samples (Cui 2019).

    A sample is an image with the class by default: pixels are so many that
    beta^n vanishes and all weights are 1, unless beta is next to 1.

    Args:
        num_classes: Number of classes C.
        beta: [0, 1).
        unit: What is counted: 'images' or 'pixels'.
        loss_name: Name of the loss in the log.
        **kwargs: See :class:`InverseFrequencyLoss`.

    Raises:
        ValueError: A setting out of range; before training, where counts of
            a whole set leave all weights at 1.
    """

    def __init__(
        self,
        num_classes: int,
        beta: float = 0.9999,
        unit: str = 'images',
        loss_name: str = 'loss_class_balanced',
        **kwargs: Any,
    ) -> None:
        check_number('ClassBalancedLoss', 'beta', beta, high=1, below=True)
        self.beta = beta
        super().__init__(num_classes, unit, loss_name=loss_name, **kwargs)
        if self.counts.source == 'given':
            self.check_counts()

    def class_weights(self) -> Tensor:
        """Weights of the classes, float64 (C,)."""
        return effective_number_weights(self.counts.of(self.unit), self.beta)

    def check_counts(self) -> None:
        """Refuse counts for which beta says nothing.

        Raises:
            ValueError: All weights are 1 although the counts differ.
        """
        counts = self.counts.of(self.unit)
        counts = counts[counts > 0]
        spread = self.class_weights().max() - self.class_weights().min()
        if self.beta and counts.min() < counts.max() and spread < 1e-3:
            raise UserValueError(
                f'loss_decode.beta is {self.beta}, and the rarest class has '
                f'{counts.min():.0f} {self.unit}: all class weights are 1. '
                f"Set unit='images', or beta near 1 - 1 / {counts.max():.0f}"
            )
