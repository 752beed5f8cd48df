"""A loss that learns from source labels alone."""

from mmseg.registry import MODELS
from mmseg.utils import ConfigType
from torch import Tensor, nn


@MODELS.register_module()
class SourceLoss(nn.Module):
    """A loss of the source objective, beside one that takes pixel weights.

    Dice, Lovasz and Tversky losses are of regions and take no weights of
    pixels, which pseudo-labels need. On source batches this is its
    criterion; on mixed, target and masked images, and on source images with
    features of others (CDAC), it is 0:

    ``loss_decode=[dict(type='CrossEntropyLoss'), dict(type='SourceLoss',
    criterion=dict(type='LovaszLoss', reduction='none'))]``

    Args:
        criterion: Config of any registered loss, with its ``loss_weight``
            and ``loss_name``.
    """

    def __init__(self, criterion: ConfigType) -> None:
        super().__init__()
        self.criterion = MODELS.build(criterion)

    def forward(
        self,
        cls_score: Tensor,
        label: Tensor,
        weight: Tensor | None = None,
        ignore_index: int = 255,
        target_mask: Tensor | None = None,
        collect: bool = True,
        **kwargs,
    ) -> Tensor:
        """Loss of a batch.

        Args:
            cls_score: Logits, (N, C, ...).
            label: (N, ...).
            weight: Handed on.
            ignore_index: Label of ignored pixels.
            target_mask: Pixels of the target domain; None: a source batch.
            collect: Whether the images are seen as they are.
            **kwargs: Handed on.

        Returns:
            The criterion, or 0.
        """
        if target_mask is not None or not collect:
            return cls_score.new_zeros(())
        loss = self.criterion(
            cls_score,
            label,
            weight=weight,
            ignore_index=ignore_index,
            **kwargs,
        )
        # Lovasz gives none where no pixel has a label, and a mean of it NaN
        return loss if loss.numel() else loss.sum()

    @property
    def loss_name(self) -> str:
        """Name of the criterion in the log."""
        return self.criterion.loss_name
