"""Balancing logit variation (BLV)."""

from typing import Any

import torch
from mmseg.registry import MODELS
from torch import Tensor

from ...number_checks import check_number
from .counted_loss import CountedLoss
from .logit_adjustment_loss import log_prior
from .pixel_loss import cross_entropy


def variation_scale(counts: Tensor) -> Tensor:
    """How much the logits of each class vary, 1 for the rarest.

    Balancing Logit Variation for Long-Tailed Semantic Segmentation (CVPR
    2023): -log pi_c over its largest value.

    Args:
        counts: Pixels of each class, float64 (C,); all 0 gives 0.

    Returns:
        float64 (C,), in [0, 1].
    """
    scale = -log_prior(counts)
    scale = scale / scale.max().clamp(min=1e-12)
    return scale.where(counts.sum() > 0, 0)


@MODELS.register_module()
class BLVLoss(CountedLoss):
    """Cross entropy on logits that vary, those of rare classes more.

    To each logit of class c, ``|clamp(N(0, sigma), -1, 1)|`` times
    ``variation_scale`` is added, as in the public code
    (github.com/grantword8/BLV), so that a rare class takes more room among
    the logits. Predictions take the logits as they are.

    Args:
        num_classes: Number of classes C.
        sigma: Standard deviation of the normal distribution, above 0.
        loss_name: Name of the loss in the log.
        **kwargs: See :class:`CountedLoss`.

    Raises:
        ValueError: A setting out of range.
    """

    def __init__(
        self,
        num_classes: int,
        sigma: float = 4.0,
        loss_name: str = 'loss_blv',
        **kwargs: Any,
    ) -> None:
        super().__init__(num_classes, loss_name=loss_name, **kwargs)
        check_number('BLVLoss', 'sigma', sigma, above=True)
        self.sigma = sigma

    def losses_and_weights(
        self,
        logits: Tensor,
        target: Tensor,
        known: Tensor,
        weight: Tensor | None,
    ) -> tuple[Tensor, Tensor | None]:
        """Cross entropy of each pixel, on varied logits."""
        scale = variation_scale(self.counts.of('pixels'))
        shape = (-1, *(1,) * (logits.dim() - 2))
        variation = torch.empty_like(logits).normal_(std=self.sigma)
        variation = variation.abs_().clamp_(max=1)
        variation.mul_(scale.to(logits).view(shape))
        return cross_entropy(logits + variation, target), None
