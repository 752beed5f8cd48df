"""A loss of your own: cross entropy with smoothed labels."""

from mmseg.registry import MODELS
from torch import Tensor, nn
from torch.nn import functional as F


@MODELS.register_module()
class SmoothedCrossEntropyLoss(nn.Module):
    """Cross entropy with a share of each label spread over all classes."""

    def __init__(self, smoothing=0.1, loss_weight=1.0) -> None:
        super().__init__()
        self.smoothing = smoothing
        self.loss_weight = loss_weight

    def forward(
        self,
        cls_score: Tensor,
        label: Tensor,
        weight: Tensor | None = None,
        ignore_index: int = 255,
        **kwargs,
    ) -> Tensor:
        """Mean over all pixels; ignored ones count with 0."""
        loss = F.cross_entropy(
            cls_score,
            label,
            reduction='none',
            ignore_index=ignore_index,
            label_smoothing=self.smoothing,
        )
        if weight is not None:
            loss = loss * weight
        return self.loss_weight * loss.mean()

    @property
    def loss_name(self) -> str:
        """Name of the loss in the log."""
        return 'loss_smoothed'
