"""Logit adjustment by class priors."""

from typing import Any

from mmseg.registry import MODELS
from torch import Tensor

from ...number_checks import check_number
from .counted_loss import CountedLoss
from .pixel_loss import cross_entropy


def log_prior(counts: Tensor) -> Tensor:
    """Log of the share of each class, float64 (C,).

    Args:
        counts: float64 (C,). Classes without any have the prior of the
            rarest one that occurs; no counts at all give equal ones.
    """
    present = counts > 0
    rarest = counts.masked_fill(~present, counts.sum() + 1).min()
    counts = counts.where(present, rarest)
    return (counts / counts.sum().clamp(min=1)).log()


@MODELS.register_module()
class LogitAdjustmentLoss(CountedLoss):
    """Cross entropy on logits to which tau log pi is added.

    Long-tail Learning via Logit Adjustment (ICLR 2021), Eq. 10, with pi the
    share of each class among the labelled source pixels. Predictions take
    the logits as they are.

    Args:
        num_classes: Number of classes C.
        tau: Scale of the adjustment, at least 0. 1 is Fisher-consistent for
            the balanced error.
        loss_name: Name of the loss in the log.
        **kwargs: See :class:`CountedLoss`.

    Raises:
        ValueError: A setting out of range.
    """

    def __init__(
        self,
        num_classes: int,
        tau: float = 1.0,
        loss_name: str = 'loss_logit_adjustment',
        **kwargs: Any,
    ) -> None:
        super().__init__(num_classes, loss_name=loss_name, **kwargs)
        check_number('LogitAdjustmentLoss', 'tau', tau)
        self.tau = tau

    def losses_and_weights(
        self,
        logits: Tensor,
        target: Tensor,
        known: Tensor,
        weight: Tensor | None,
    ) -> tuple[Tensor, Tensor | None]:
        """Cross entropy of each pixel, on adjusted logits."""
        offset = self.tau * log_prior(self.counts.of('pixels'))
        shape = (-1, *(1,) * (logits.dim() - 2))
        adjusted = logits + offset.to(logits).view(shape)
        return cross_entropy(adjusted, target), None
