"""Temporal pseudo supervision (TPS)."""

from collections.abc import Sequence

import torch
from mmseg.registry import MODELS
from torch import Tensor, nn

from ....errors import UserValueError
from ....number_checks import check_count, check_number, is_number
from ...head_losses.predictions import training_features
from ...head_losses.sampled_labels import SampledLabels
from ...head_losses.segmentation_loss import joined_log, prediction_losses
from ..checks.losses import check_learns_from_target
from ..objectives.objective import Objective
from ..objectives.step import TrainingBatch, UDAStep
from .frame_colours import frame_colours
from .frame_colours_settings import TPS_COLOURS, Colours, colour_settings
from .rescaling import (
    common_divisor,
    draw_size,
    rescaled_images,
    rescaled_labels,
)
from .warped_labels import IGNORED, earlier_logits, warped_labels

OWNER = 'TemporalPseudoSupervisionObjective'
KEEP_SIZE = (1.0, 1.0)


@MODELS.register_module()
class TemporalPseudoSupervisionObjective(Objective):
    """A frame must be labelled as the one before it, moved by the flow.

    TPS (Xing et al., ECCV 2022, https://github.com/xing0047/TPS). The labels
    of a target image are those of the frame before it, warped
    (``warped_labels``); the student finds them in the image itself, with
    other colours and at another size. The teacher labels where the model has
    one; the student itself, without gradient, where it has none, as
    published. Neither changes by it (``earlier_logits``).

    Losses that keep statistics, BLDA's for one, count these pixels as the
    target's, those with a label alone.

    Args:
        loss_weight: Factor of the losses, at least 0: published as 0.1 with
            VIPER as source, and 1.0 with SYNTHIA-Seq. That of density
            estimation is its own.
        threshold: Probability that a label must have after the warp, [0, 1].
            Default: none is needed.
        flip_probability: Chance, once a batch, that the earlier frames are
            labelled as they look in a mirror, [0, 1].
        scale: Smallest and largest factor of the image's size, drawn once a
            batch. (1, 1): as it is.
        size_divisor: The new height and width are multiples of it, and of
            what the student asks for (HRDA).
        augmentation: Of the colours, a dict of ``FrameColoursSettings``.
            None: images keep their colours.

    Raises:
        TypeError, ValueError: A setting out of range; names it.
    """

    prefix = 'tps'
    needs_target = True
    needs_pseudo_labels = False
    needs_target_frames = True

    def __init__(
        self,
        loss_weight: float = 0.1,
        threshold: float | None = None,
        flip_probability: float = 0.5,
        scale: Sequence[float] = (0.8, 1.2),
        size_divisor: int = 8,
        augmentation: Colours = TPS_COLOURS,
    ) -> None:
        super().__init__()
        check_number(OWNER, 'loss_weight', loss_weight)
        if threshold is not None:
            check_number(OWNER, 'threshold', threshold, high=1)
        check_number(OWNER, 'flip_probability', flip_probability, high=1)
        check_count(OWNER, 'size_divisor', size_divisor)
        if (
            not isinstance(scale, (list, tuple))
            or len(scale) != 2
            or not all(map(is_number, scale))
            or not 0 < scale[0] <= scale[1]
        ):
            raise UserValueError(
                f'Expected `scale` of {OWNER} to be two numbers above 0, the '
                f'smallest and the largest factor, but got {scale!r}'
            )
        self.loss_weight = loss_weight
        self.threshold = threshold
        self.flip_probability = flip_probability
        self.scale = tuple(scale)
        self.size_divisor = size_divisor
        self._settings = colour_settings(augmentation)
        self.augmentation: nn.Module = nn.Identity()
        self._student: tuple[nn.Module, ...] = ()
        self._shared: tuple[nn.Module | None, ...] = (None, None)

    def attach(self, student: nn.Module) -> None:
        """Build the augmentation, which needs the student's mean and std.

        Raises:
            ValueError: The student's losses learn nothing from the target.
        """
        check_learns_from_target(student)
        self.augmentation = frame_colours(student, self._settings)
        self._student = (student,)

    def share(
        self, teacher: nn.Module | None, density: nn.Module | None
    ) -> None:
        """Have the teacher label, and the density estimated, too."""
        self._shared = (teacher, density)

    def training_batch(self, step: UDAStep) -> TrainingBatch:
        """Target images in other colours and at another size, with labels."""
        labels = self._labels(step)
        images = self.augmentation(step.target_images)
        height, width = images.shape[-2:]
        size = (height, width)
        if self.scale != KEEP_SIZE:
            (student,) = self._student
            divisor = common_divisor(self.size_divisor, student)
            size = draw_size(size, self.scale, divisor)
        labels = rescaled_labels(labels, size)
        return TrainingBatch(
            rescaled_images(images, size),
            labels,
            target_mask=torch.ones_like(labels, dtype=torch.bool),
            sampled=SampledLabels(labels),
        )

    def forward(self, student: nn.Module, step: UDAStep) -> dict[str, Tensor]:
        """Losses by name, and the share of pixels that have a label."""
        _, density = self._shared
        batch = self.training_batch(step)
        predictions = prediction_losses(
            student,
            training_features(student, batch.images),
            batch.targets,
            density=density,
        )
        losses = joined_log(p.scaled(self.loss_weight) for p in predictions)
        losses['labelled'] = (batch.labels != IGNORED).float().mean()
        return losses

    def _labels(self, step: UDAStep) -> Tensor:
        """Labels of the target images, 255 where there is none."""
        teacher, _ = self._shared
        (student,) = self._student
        frames = step.target_frames
        # drawn in any case, so that the other draws do not depend on it
        flip = torch.rand(()).item() < self.flip_probability
        logits = earlier_logits(teacher or student, frames.images, flip)
        valid = frames.valid & step.target_valid
        if step.target_trusted is not None:
            valid = valid & step.target_trusted
        return warped_labels(logits, frames.flow, valid, self.threshold)
