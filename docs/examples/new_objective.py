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
        pseudo = step.pseudo
        targets = PixelTargets(
            pseudo.labels,
            weight=self.loss_weight * pseudo.weight,
            target_mask=torch.ones_like(pseudo.labels, dtype=torch.bool),
            sampled=pseudo.sampled,
        ).moved(lambda maps: maps.flip(-1))
        features = training_features(student, step.target_images.flip(-1))
        return segmentation_losses(student, features, targets)
