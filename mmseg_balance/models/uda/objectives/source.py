"""Supervised learning on the source domain (Eq. 1)."""

from mmseg.registry import MODELS
from mmseg.utils import OptConfigType
from torch import Tensor, nn

from ...head_losses.instances import instance_losses, watched_for_instances
from ...head_losses.pixel_targets import PixelTargets
from ...head_losses.predictions import training_features
from ...head_losses.segmentation_loss import segmentation_losses
from ...recording import SOURCE
from ..distances.feature_distance import FeatureDistance
from .objective import Objective
from .step import UDAStep


@MODELS.register_module()
class SourceObjective(Objective):
    """The losses of the segmentor on labelled source images.

    Where it has an instance branch, that learns from the same features, and
    all go backward together.

    Args:
        feature_distance: Arguments of ``FeatureDistance`` (DAFormer), whose
            loss is added. Default: none.
    """

    prefix = 'src'
    needs_target = False
    learns_instances = True
    noted_in = SOURCE

    def __init__(self, feature_distance: OptConfigType = None) -> None:
        super().__init__()
        self.feature_distance = (
            None
            if feature_distance is None
            else FeatureDistance(**feature_distance)
        )
        self._shared: tuple[nn.Module | None] = (None,)

    @property
    def serves_classifiers(self) -> bool:
        """Unless features are compared where their pixels are things."""
        return self.feature_distance is None

    def attach(self, student: nn.Module) -> None:
        """Copy the backbone that features are compared with."""
        if self.feature_distance is not None:
            self.feature_distance.attach(student)

    def share(
        self, teacher: nn.Module | None, density: nn.Module | None
    ) -> None:
        """Have the density estimated, too."""
        self._shared = (density,)

    def after_init(self, student: nn.Module) -> None:
        """Copy its initial weights."""
        if self.feature_distance is not None:
            self.feature_distance.copy_weights(student)

    def forward(self, student: nn.Module, step: UDAStep) -> dict[str, Tensor]:
        """Losses by name."""
        (density,) = self._shared
        features = training_features(student, step.source_images)
        with watched_for_instances(student) as seen:
            losses = segmentation_losses(
                student,
                features,
                PixelTargets(step.source_labels),
                density=density,
            )
        losses |= instance_losses(student, features, step.source_samples, seen)
        if self.feature_distance is not None:
            losses['loss_feature_distance'] = self.feature_distance(
                student, features, step.source_images, step.source_labels
            )
        return losses
