"""Cross entropy with fixed weights of classes."""

from collections.abc import Sequence

from mmseg.registry import MODELS
from torch import Tensor

from .pixel_loss import PixelLoss, cross_entropy


@MODELS.register_module()
class WeightedCrossEntropyLoss(PixelLoss):
    """Cross entropy whose classes have the weights of the config.

    MMSegmentation's ``CrossEntropyLoss(class_weight=...)`` looks up the
    weight of label 255 and ends in an IndexError. It divides by the sum of
    the pixels' class weights; this one takes the mean over all pixels, as
    the MMSegmentation 0.16 of DAFormer does: weights whose mean over pixels
    is 1 leave the scale of the loss.

    Args:
        class_weight: Weight of each class.
        loss_weight: Weight of the loss.
        loss_name: Name of the loss in the log.

    Raises:
        ValueError: Weights that are none.
    """

    def __init__(
        self,
        class_weight: Sequence[float],
        loss_weight: float = 1.0,
        loss_name: str = 'loss_ce',
    ) -> None:
        super().__init__(loss_weight, loss_name, class_weight)

    def losses_and_weights(
        self,
        logits: Tensor,
        target: Tensor,
        known: Tensor,
        weight: Tensor | None,
    ) -> tuple[Tensor, Tensor | None]:
        """Cross entropy of each pixel; the base class weighs it."""
        return cross_entropy(logits, target), None
