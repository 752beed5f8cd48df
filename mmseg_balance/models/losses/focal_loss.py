"""Focal loss over a softmax."""

from collections.abc import Sequence

from mmseg.registry import MODELS
from torch import Tensor

from ...number_checks import check_number
from .pixel_loss import PixelLoss, cross_entropy


@MODELS.register_module()
class SoftmaxFocalLoss(PixelLoss):
    """Focal loss (Lin et al., ICCV 2017), for one class of many a pixel.

    MMSegmentation's ``FocalLoss`` asks of each class by itself, through a
    sigmoid, while predictions and pseudo-labels come from a softmax; and it
    needs an operator that mmcv-lite does not have.

    Args:
        focal_gamma: gamma, at least 0; 0 is cross entropy.
        loss_weight: Weight of the loss.
        loss_name: Name of the loss in the log.
        class_weight: Fixed weight of each class, see :class:`PixelLoss`.

    Raises:
        ValueError: A setting out of range.
    """

    def __init__(
        self,
        focal_gamma: float = 2.0,
        loss_weight: float = 1.0,
        loss_name: str = 'loss_focal',
        class_weight: Sequence[float] | None = None,
    ) -> None:
        super().__init__(loss_weight, loss_name, class_weight)
        check_number('SoftmaxFocalLoss', 'focal_gamma', focal_gamma)
        self.focal_gamma = focal_gamma

    def losses_and_weights(
        self,
        logits: Tensor,
        target: Tensor,
        known: Tensor,
        weight: Tensor | None,
    ) -> tuple[Tensor, Tensor | None]:
        """Focal loss of each pixel; no weights of classes."""
        return cross_entropy(logits, target, self.focal_gamma), None
