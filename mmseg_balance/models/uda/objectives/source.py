"""Supervised learning on the source domain (Eq. 1)."""

from mmseg.registry import MODELS
from torch import Tensor, nn

from ..segmentation_loss import segmentation_losses
from ..step import UDAStep


@MODELS.register_module()
class SourceObjective(nn.Module):
    """The losses of the segmentor on labelled source images."""

    prefix = 'src'
    needs_target = False

    def forward(self, student: nn.Module, step: UDAStep) -> dict[str, Tensor]:
        """Losses by name."""
        features = student.extract_feat(step.source_images)
        return segmentation_losses(
            student, features, step.source_labels, density=step.density
        )
