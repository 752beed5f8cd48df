"""Supervised learning on the target domain, by labels made before."""

import torch
from mmseg.registry import MODELS
from torch import Tensor, nn

from ....errors import UserValueError
from ....number_checks import is_number
from ...head_losses.pixel_targets import PixelTargets
from ...head_losses.segmentation_loss import (
    joined_log,
    losses_of_predictions,
)
from ..teacher.image_logits import ImageOutputs
from .step import UDAStep
from .target_term import TargetTerm


@MODELS.register_module()
class LabelledTargetObjective(TargetTerm):
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
    noted_in = None
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

    @property
    def uses_auxiliary(self) -> bool:
        """All heads learn."""
        return True

    @property
    def uses_features(self) -> bool:
        """The density is estimated of what enters the classifier."""
        return self._shared != (None,)

    def target_losses(
        self, student: nn.Module, outputs: ImageOutputs, step: UDAStep
    ) -> dict[str, Tensor]:
        """Losses by name."""
        (density,) = self._shared
        labels = step.target_labels
        targets = PixelTargets(
            labels,
            target_mask=torch.ones_like(labels, dtype=torch.bool),
        )
        return joined_log(
            each.scaled(self.loss_weight)
            for each in losses_of_predictions(
                outputs.decoded, outputs.others, targets, density=density
            )
        )
