"""The data of one iteration, as the objectives see it."""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from mmseg.structures import SegDataSample
from mmseg.utils import SampleList
from torch import Tensor, nn

from ...backward_pass import BackwardPass
from ...frames.pairs import FramePair, image_channels
from ...head_losses.pixel_targets import PixelTargets
from ...head_losses.sampled_labels import SampledLabels
from ...panoptic.noted_segments import note_segments
from ...recording import (
    IMAGE,
    LABELS,
    SOURCE,
    TARGET,
    WEIGHTS,
    note,
    noted_in,
)
from ..teacher.pseudo_labels import PseudoLabels


@dataclass(frozen=True)
class UDAStep:
    """A source batch, a target batch and what the teacher says of it.

    Attributes:
        source_images: Normalised and padded, (N, 3, H, W); with the frames
            before them, (N, 9, H, W), for a student that ``takes_frames``
            (``models.frames.pairs``). So are the target's.
        source_labels: 255 where ignored or padded, (N, H, W).
        target_images: As the source's; None without target objectives.
        target_valid: Image pixels, not padding, bool (N, H, W).
        pseudo: The teacher's labels of the target images; None where no
            objective learns from them.
        plain_pseudo: The teacher's labels by the images alone, where
            ``pseudo`` are refined by the frames before them
            (``PseudoRefinement``), and masked images shall have these; else
            None.
        target_labels: Labels that the target images come with, 255 where
            there is none, (N, H, W); None where no objective needs them.
        target_trusted: Pixels of the target whose pseudo-labels count, by
            ``PseudoMargins``, bool (N, H, W); None: all of them.
        source_frames, target_frames: The frames before the images; None
            where no objective needs them.
        source_samples: Data samples of the source images, on their device,
            with instances for one; () in a step made by hand.
        records: What ``Objective.labelling`` noted, by objective.
        diagnostics: What was found when it was prepared, scalars for the log.
        backward_pass: Which one it is, of optimizers that make several.
    """

    source_images: Tensor
    source_labels: Tensor
    target_images: Tensor | None = None
    target_valid: Tensor | None = None
    pseudo: PseudoLabels | None = None
    plain_pseudo: PseudoLabels | None = field(default=None, kw_only=True)
    target_labels: Tensor | None = field(default=None, kw_only=True)
    target_trusted: Tensor | None = field(default=None, kw_only=True)
    source_frames: FramePair | None = field(default=None, kw_only=True)
    target_frames: FramePair | None = field(default=None, kw_only=True)
    source_samples: Sequence[SegDataSample] = field(default=(), kw_only=True)
    records: Mapping[nn.Module, Any] = field(
        default_factory=dict, kw_only=True
    )
    diagnostics: Mapping[str, Tensor] = field(
        default_factory=dict, kw_only=True
    )
    backward_pass: BackwardPass = field(default=BackwardPass(), kw_only=True)
    # modules of the model, which objectives of 0.1.0 look for in a step
    _modules: Mapping[str, nn.Module | None] = field(
        default_factory=dict, kw_only=True, repr=False
    )

    @property
    def teacher(self) -> nn.Module | None:
        """The segmentor that gave ``pseudo``, as of 0.1.0."""
        return self._module('teacher')

    @property
    def density(self) -> nn.Module | None:
        """Cumulative density estimation, as of 0.1.0."""
        return self._module('density')

    def _module(self, name: str) -> nn.Module | None:
        warnings.warn(
            f'UDAStep.{name} is no data of a step: override Objective.share, '
            f'which is given the {name}',
            DeprecationWarning,
            stacklevel=3,
        )
        return self._modules.get(name)


@dataclass
class TrainingBatch:
    """What the student is given of a step, by one objective.

    Attributes:
        images: (N, 3 or 9, H, W), N images of the batch, in its order.
        labels: (N, H, W), 255 where ignored.
        weight: Of each pixel, (N, H, W); None: 1 everywhere.
        target_mask: Pixels of the target, bool (N, H, W); None: none.
        sampled: Classes drawn from the teacher's probabilities; None: no
            loss has asked for them.
    """

    images: Tensor
    labels: Tensor
    weight: Tensor | None = None
    target_mask: Tensor | None = None
    sampled: SampledLabels | None = None

    @property
    def targets(self) -> PixelTargets:
        """Class, weight and domain of each pixel, as losses take them."""
        return PixelTargets(
            self.labels, self.weight, self.target_mask, self.sampled
        )


def __getattr__(name: str) -> type:
    if name == 'ShownBatch':
        warnings.warn(
            'ShownBatch is called TrainingBatch now',
            DeprecationWarning,
            stacklevel=2,
        )
        return TrainingBatch
    raise AttributeError(f'module {__name__!r} has no attribute {name!r}')


def note_step(step: UDAStep) -> None:
    """Offer the images of a step, and whatever labels they have.

    Args:
        step: Data of an iteration.
    """
    with noted_in(SOURCE):
        note(IMAGE, image_channels(step.source_images))
        note(LABELS, step.source_labels)
        note_segments(step.source_samples)
    if step.target_images is None:
        return
    with noted_in(TARGET):
        note(IMAGE, image_channels(step.target_images))
        if step.pseudo is not None:
            note(LABELS, step.pseudo.labels)
            note(WEIGHTS, step.pseudo.weight)
        elif step.target_labels is not None:
            note(LABELS, step.target_labels)


def note_batch(batch: TrainingBatch) -> None:
    """Offer what an objective gives the student.

    Args:
        batch: What its ``training_batch`` made.
    """
    note(IMAGE, image_channels(batch.images))
    batch.targets.note()


def stack_labels(data_samples: SampleList) -> Tensor:
    """Labels of a batch, (N, H, W)."""
    return torch.stack([s.gt_sem_seg.data.squeeze(0) for s in data_samples])


def image_mask(images: Tensor, data_samples: SampleList) -> Tensor:
    """Pixels of a padded batch that are image, bool (N, H, W)."""
    valid = images.new_zeros(
        (images.shape[0], *images.shape[-2:]), dtype=torch.bool
    )
    for mask, sample in zip(valid, data_samples, strict=True):
        left, right, top, bottom = sample.metainfo['padding_size']
        height, width = mask.shape
        mask[top : height - bottom, left : width - right] = True
    return valid


def trusted_mask(valid: Tensor, data_samples: SampleList) -> Tensor | None:
    """Pixels whose pseudo-labels count, by the maps of ``PseudoMargins``.

    Args:
        valid: Image pixels, bool (N, H, W), see ``image_mask``.
        data_samples: With ``valid_pseudo`` or without.

    Returns:
        Bool (N, H, W); None where no sample has such a map.
    """
    if not any('valid_pseudo' in sample for sample in data_samples):
        return None
    trusted = valid.clone()
    for mask, sample in zip(trusted, data_samples, strict=True):
        if 'valid_pseudo' in sample:
            left, right, top, bottom = sample.metainfo['padding_size']
            height, width = mask.shape
            mask[top : height - bottom, left : width - right] = (
                sample.valid_pseudo.data.squeeze(0) > 0
            )
    return trusted


def lacking(step: UDAStep) -> str:
    """What a step is without, for whoever reads it all the same.

    Args:
        step: Data of an iteration.

    Returns:
        The end of a line; '' where it has all.
    """
    if step.target_images is None:
        return ', without target images as no objective has needs_target'
    if step.pseudo is None:
        return ', without pseudo-labels as no objective needs them'
    return ''
