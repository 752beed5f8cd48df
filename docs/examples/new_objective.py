"""An objective of your own: target images are learned from mirrored too."""

import torch
from mmseg.registry import MODELS

from mmseg_balance.models.head_losses import (
    PixelTargets,
    segmentation_losses,
    training_features,
)
from mmseg_balance.models.uda import Objective


@MODELS.register_module()
class MirroredObjective(Objective):
    """The mirrored target image has the mirrored pseudo-labels.

    Args:
        loss_weight: Weight of its losses.
    """

    prefix = 'mirrored'  # of its losses in the log
    needs_target = True

    def __init__(self, loss_weight: float = 1.0) -> None:
        super().__init__()
        self.loss_weight = loss_weight

    def forward(self, student, step):
        """Losses of an iteration by name."""
        labels = step.pseudo.labels.flip(-1)
        targets = PixelTargets(
            labels,
            weight=self.loss_weight * step.pseudo.weight.flip(-1),
            target_mask=torch.ones_like(labels, dtype=torch.bool),
        )
        features = training_features(student, step.target_images.flip(-1))
        return segmentation_losses(student, features, targets)
