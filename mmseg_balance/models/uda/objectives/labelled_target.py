"""Supervised learning on the target domain, by labels made before."""

import torch
from mmseg.models.losses import CrossEntropyLoss, FocalLoss
from mmseg.registry import MODELS
from torch import Tensor, nn

from ....errors import UserValueError
from ....number_checks import is_number
from ...head_losses.pixel_targets import PixelTargets
from ...head_losses.predictions import Prediction
from ...head_losses.sampled_labels import SampledLabels
from ...head_losses.segmentation_loss import (
    PredictionLosses,
    joined_log,
    loss_modules,
    losses_of_predictions,
)
from ...losses.pixel_loss import PixelLoss
from ..teacher.image_logits import ImageOutputs
from .step import UDAStep
from .target_term import TargetTerm

AVERAGES = 'labelled', 'all'


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
        average: What losses are means over: 'labelled', the pixels that have
            labels, as in the code of BDL and SIM, so that images that are
            labelled in part count as much as others; or 'all', as the losses
            of the other objectives. Losses that leave ignored pixels out
            themselves (``avg_non_ignore=True``), or are no such means (Dice),
            are taken as they are.

    Raises:
        ValueError: A setting out of range.
    """

    prefix = 'labelled'
    serves_classifiers = True
    noted_in = None
    needs_target_labels = True

    def __init__(
        self, loss_weight: float = 1.0, average: str = 'labelled'
    ) -> None:
        super().__init__()
        if not is_number(loss_weight) or loss_weight < 0:
            raise UserValueError(
                'Expected `loss_weight` of labelled_target to be a number of '
                f'at least 0, but got {loss_weight!r}'
            )
        if average not in AVERAGES:
            raise UserValueError(
                'Expected `average` of labelled_target to be one of '
                f'{", ".join(map(repr, AVERAGES))}, but got {average!r}'
            )
        self.loss_weight = loss_weight
        self.average = average
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
            sampled=SampledLabels(labels),
        )
        found = losses_of_predictions(
            outputs.decoded, outputs.others, targets, density=density
        )
        predictions = [*outputs.decoded, *outputs.others]
        return joined_log(
            self._weighed(losses, prediction, targets)
            for losses, prediction in zip(found, predictions, strict=True)
        )

    def _weighed(
        self,
        losses: PredictionLosses,
        prediction: Prediction,
        targets: PixelTargets,
    ) -> PredictionLosses:
        """Losses with their weight, as means over the labelled pixels."""
        losses = losses.scaled(self.loss_weight)
        if self.average == 'all':
            return losses
        if prediction.box is not None:
            targets = targets.crop(prediction.box)
        head, labels = prediction.head, targets.labels
        known = (labels != head.ignore_index).sum().clamp(min=1)
        names = {
            loss.loss_name
            for loss in loss_modules(head)
            if counts_ignored(loss)
        }
        return losses.scaled(labels.numel() / known, names)


def counts_ignored(loss: nn.Module) -> bool:
    """Whether a loss is known to be a mean over ignored pixels, too.

    Args:
        loss: One of MMSegmentation's or of this package, or one that adjusts
            logits for such a one.
    """
    return any(_counts_ignored(part) for part in loss.modules())


def _counts_ignored(loss: nn.Module) -> bool:
    if isinstance(loss, CrossEntropyLoss | FocalLoss):
        # with class weights cross entropy divides by those of the pixels
        has_weights = getattr(loss, 'class_weight', None) is not None
        is_mean = loss.reduction == 'mean'
        leaves_out = getattr(loss, 'avg_non_ignore', False) or (
            has_weights and isinstance(loss, CrossEntropyLoss)
        )
        return is_mean and not leaves_out
    return isinstance(loss, PixelLoss) and loss.counts_ignored
