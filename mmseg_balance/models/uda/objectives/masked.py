"""Masked image consistency (MIC)."""

import math
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import replace

import torch
from mmseg.registry import MODELS
from torch import Tensor, nn

from ....errors import UserValueError
from ...backward_pass import ALL, Weights, check_weights
from ...head_losses.predictions import MAIN, training_features
from ...head_losses.segmentation_loss import joined_log, prediction_losses
from ...norm_statistics import kept_norm_statistics
from ..mixing.augmentation_settings import DACS_COLOURS, Augmentation
from ..mixing.block_mask import block_mask, hidden
from ..mixing.photometric import strong_augmentation
from .objective import Objective
from .step import TrainingBatch, UDAStep

DOMAINS = ('target', 'source', 'both')


@MODELS.register_module()
class MaskedObjective(Objective):
    """The teacher's labels must be found with parts of the image hidden.

    MIC (CVPR 2023), on target images with colour augmentation, with the
    labels and weights of the other objectives. The ``mask_mode`` of
    https://github.com/lhoyer/MIC is ``domains`` and ``augmentation`` here:
    'separatetrg', 'separatesrc' and 'separate' are 'target', 'source' and
    'both'; 'aug' at the end is an augmentation. Losses that keep statistics
    adjust by those of each pixel's domain, and are not fed: the logits of
    hidden pixels are not those of the domain (but see ``statistics``).

    Args:
        block_size: Side of the squares that are hidden, in pixels.
        mask_ratio: Share of squares that are hidden, [0, 1).
        loss_weight: Factor of the losses of the segmentor's main prediction,
            at least 0; that of a detail crop (HRDA) keeps its own. Or two,
            one for each pass of ``SAMOptimWrapper``.
        norm_statistics: Whether batch norms count masked images in their
            running statistics, as in the public code. Where the backbone has
            batch norms, a student that is tested without masks loses by it.
        augmentation: Of the masked images, a dict of
            ``StrongAugmentationSettings``. None: they keep their colours.
        domains: Whose images are masked: 'target', with the teacher's
            labels; 'source', with their own and weight 1; or 'both', the
            first half of the batch of each, at least one.
        weighted_passes: In which passes of an optimizer that makes two
            (``SAMOptimWrapper``) the weights of pseudo-labels count; in the
            usual one they do. The public code for classifiers has (1,), so
            that the gradient of its step is of weight 1. What has weight 0,
            below a threshold for one, counts in no pass.
        statistics: Whether masked images are those of the target that BLDA
            follows, for methods that learn from no others: losses that keep
            statistics are fed, and the density is estimated.

    Raises:
        ValueError: A setting out of range.
    """

    prefix = 'masked'
    serves_classifiers = True

    def __init__(
        self,
        block_size: int = 64,
        mask_ratio: float = 0.7,
        loss_weight: Weights = 1.0,
        norm_statistics: bool = True,
        augmentation: Augmentation = DACS_COLOURS,
        domains: str = 'target',
        weighted_passes: Sequence[int] = ALL,
        statistics: bool = False,
    ) -> None:
        super().__init__()
        if domains not in DOMAINS:
            raise UserValueError(
                'Expected `domains` of masked_consistency to be one of '
                f'{DOMAINS}, but got {domains!r}'
            )
        for name, value, low, high in (
            ('block_size', block_size, 1, math.inf),
            ('mask_ratio', mask_ratio, 0, 1),
        ):
            if not isinstance(value, (int, float)) or not low <= value < high:
                raise UserValueError(
                    f'Expected `{name}` of masked_consistency to be a number '
                    f'in [{low}, {high}), but got {value!r}'
                )
        check_weights('masked_consistency', 'loss_weight', loss_weight)
        is_list = isinstance(weighted_passes, (list, tuple))
        if not is_list or not set(weighted_passes) <= set(ALL):
            raise UserValueError(
                'Expected `weighted_passes` of masked_consistency to be a '
                f'list of the passes {ALL}, but got {weighted_passes!r}'
            )
        self.weighted_passes = tuple(weighted_passes)
        self.block_size = block_size
        self.mask_ratio = mask_ratio
        self.loss_weight = loss_weight
        self.norm_statistics = norm_statistics
        self.domains = domains
        self.statistics = statistics
        self._shared: tuple[nn.Module | None] = (None,)
        self.needs_target = domains != 'source'
        self.mixes_domains = domains == 'both'
        self._settings = augmentation
        self.augmentation: nn.Module = nn.Identity()

    def attach(self, student: nn.Module) -> None:
        """Build the augmentation, which needs the student's mean and std."""
        self.augmentation = strong_augmentation(student, self._settings)

    def share(
        self, teacher: nn.Module | None, density: nn.Module | None
    ) -> None:
        """Have the density estimated, too, where ``statistics`` says so."""
        self._shared = (density if self.statistics else None,)

    def training_batch(self, step: UDAStep) -> TrainingBatch:
        """Images with parts of them hidden, and the whole labels."""
        batch = self._whole_batch(step)
        images = self.augmentation(batch.images)
        mask = block_mask(images, self.block_size, self.mask_ratio)
        return replace(
            batch,
            images=hidden(images, mask),
            weight=self._weight(batch.weight, step),
        )

    def forward(self, student: nn.Module, step: UDAStep) -> dict[str, Tensor]:
        """Losses by name."""
        (density,) = self._shared
        batch = self.training_batch(step)
        with (
            nullcontext()
            if self.norm_statistics
            else kept_norm_statistics(student)
        ):
            predictions = prediction_losses(
                student,
                training_features(student, batch.images),
                batch.targets,
                collect=self.statistics,
                density=density,
            )
        weight = step.backward_pass.weight(self.loss_weight)
        return joined_log(
            each.scaled(weight) if each.name == MAIN else each
            for each in predictions
        )

    def _weight(self, weight: Tensor | None, step: UDAStep) -> Tensor | None:
        """Weights as they count in this pass; one of 0 is 0 in each."""
        current = step.backward_pass
        if current.total == 1 or current.number in self.weighted_passes:
            return weight
        return None if weight is None else (weight > 0).to(weight)

    def _whole_batch(self, step: UDAStep) -> TrainingBatch:
        """Images of ``domains`` before anything is hidden."""
        if self.domains == 'source':
            return TrainingBatch(step.source_images, step.source_labels)
        images = step.target_images
        pseudo = step.plain_pseudo or step.pseudo
        if self.domains == 'target':
            is_target = torch.ones_like(pseudo.labels, dtype=torch.bool)
            return TrainingBatch(
                images,
                pseudo.labels,
                pseudo.weight,
                is_target,
                pseudo.sampled,
            )
        half = max(len(images) // 2, 1)
        labels, pseudo_labels = step.source_labels[:half], pseudo.labels[:half]
        weight = pseudo.weight[:half]
        is_target = torch.ones_like(pseudo_labels, dtype=torch.bool)
        return TrainingBatch(
            torch.cat([step.source_images[:half], images[:half]]),
            torch.cat([labels, pseudo_labels]),
            torch.cat([torch.ones_like(labels, dtype=weight.dtype), weight]),
            torch.cat([torch.zeros_like(is_target), is_target]),
            None if pseudo.sampled is None else pseudo.sampled.behind(labels),
        )
