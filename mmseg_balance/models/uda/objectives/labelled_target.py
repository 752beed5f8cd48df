"""Supervised learning on the target domain, by labels made before."""

from typing import Any

import torch
from mmseg.registry import MODELS
from torch import Tensor, nn

from ....errors import UserValueError
from ....number_checks import is_number
from ...head_losses.pixel_targets import PixelTargets
from ...head_losses.predictions import training_features
from ...head_losses.segmentation_loss import joined_log, prediction_losses
from .objective import Objective
from .step import UDAStep


@MODELS.register_module()
class LabelledTargetObjective(Objective):
    """The losses of the segmentor on target images that come with labels.

    For the second stage of offline self-training: Eq. 9 and 11 of Hua and
    Yi (TII 2022), as in BDL (CVPR 2019) and SIM (CVPR 2020). The labels are
    those that ``mmseg-balance pseudo-labels`` wrote with a model of the
    first stage, and 255 where it was not sure; the target data set loads
    them. Labels of hand are taken just so, all images have some then. Losses
    that tell domains apart (BLDA) count all pixels as the target's.

    Args:
        loss_weight: Factor of the losses, at least 0. Eq. 11 weighs both
            domains alike.

    Raises:
        ValueError: A setting out of range.
    """

    prefix = 'labelled'
    needs_target = True
    needs_pseudo_labels = False
    needs_target_labels = True

    def __init__(self, loss_weight: float = 1.0) -> None:
        super().__init__()
        if not is_number(loss_weight) or loss_weight < 0:
            raise UserValueError(
                'Expected `loss_weight` of labelled_target to be a number of '
                f'at least 0, but got {loss_weight!r}'
            )
        self.loss_weight = loss_weight
        self._shared: tuple[nn.Module | None] = (None,)

    def share(
        self, teacher: nn.Module | None, density: nn.Module | None
    ) -> None:
        """Have the density estimated, too."""
        self._shared = (density,)

    def forward(self, student: nn.Module, step: UDAStep) -> dict[str, Tensor]:
        """Losses by name."""
        features = training_features(student, step.target_images)
        return self.losses(student, features, step)

    def losses(
        self, student: nn.Module, features: Any, step: UDAStep
    ) -> dict[str, Tensor]:
        """Losses of a forward pass over the target images.

        Args:
            student: The segmentor that is trained.
            features: Of ``training_features`` for ``step.target_images``.
            step: Data of the iteration, with ``target_labels``.

        Returns:
            As ``forward``.
        """
        (density,) = self._shared
        labels = step.target_labels
        targets = PixelTargets(
            labels,
            target_mask=torch.ones_like(labels, dtype=torch.bool),
        )
        return joined_log(
            each.scaled(self.loss_weight)
            for each in prediction_losses(
                student, features, targets, density=density
            )
        )
