"""Attention that is consistent across domains (CDAC)."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace

import torch
from mmseg.registry import MODELS
from mmseg.utils import OptConfigType
from torch import Tensor, nn

from ....errors import UserTypeError
from ....number_checks import check_number
from ...backbones import (
    AttentionRecord,
    CrossDomainFeatures,
    FusedMixVisionTransformer,
    cross_domain_features,
    recorded_attention,
)
from ...declarations import takes_frames
from ...head_losses.pixel_targets import PixelTargets
from ...head_losses.segmentation_loss import joined_log, prediction_losses
from ...recording import SOURCE, noted_in
from ...segmentors import HRDAEncoderDecoder
from ..distances.attention_consistency import attention_divergence
from ..distances.feature_distance import FeatureDistance
from ..mixing.augmentation_settings import DACS_COLOURS, Augmentation
from ..mixing.photometric import strong_augmentation
from .class_mixed import mixed_batch
from .objective import Objective
from .step import TrainingBatch, UDAStep, note_batch


@MODELS.register_module()
class CrossAttentionObjective(Objective):
    """Four streams of source and mixed images, and the teacher's attention.

    CDAC (ICCV 2023); behaves as https://github.com/wangkaihong/CDAC. It
    stands in for ``SourceObjective`` and ``ClassMixedObjective``: images are
    mixed as in the latter, and go with those of the source through
    :func:`cross_domain_features`. Losses of the segmentor are computed for
    each stream by itself:

    ========  ==================================  ===============  =========
    name      stream                              labels           weight
    ========  ==================================  ===============  =========
    ``src``   source                              of the source    1
    ``t2s``   source, by queries of the mixed     of the source    Q
    ``mix``   mixed                               mixed            Q
    ``s2t``   mixed, by queries of the source     mixed            1
    ========  ==================================  ===============  =========

    Q is 1 where the source was pasted and the weight of the pseudo-labels
    elsewhere, also for ``t2s``. In all blocks the self-attention of the mixed
    images is drawn to that of the teacher, see :func:`attention_divergence`.

    With BLDA, losses that keep statistics adjust ``src`` and ``t2s`` as
    source images, ``mix`` and ``s2t`` by the domain of each pixel. They
    learn from ``src`` and ``mix`` alone, and so does density estimation: the
    logits of the other two are of no domain, and no image has them in tests.

    The teacher's pass over the source images, for their attention, is one of
    its backbone alone; in the public code it is one of the whole teacher,
    whose batch norms then count source images in their running statistics.

    Args:
        augmentation: Of the mixed images, a dict of
            ``StrongAugmentationSettings``. None: they keep their colours.
        feature_distance: Arguments of ``FeatureDistance`` (DAFormer), on the
            source stream. Default: none.
        loss_weight: Factor of the losses of each stream, at least 0; that of
            density estimation is its own.
        attention_weight: Weight of the divergence, at least 0.

    Raises:
        ValueError: A setting out of range.
    """

    prefix = 'cdac'
    needs_target = True
    mixes_domains = True
    compile_note = (
        "CDAC goes through the layers of the student's backbone by itself, so "
        'that it is not compiled; the other networks are'
    )

    def __init__(
        self,
        augmentation: Augmentation = DACS_COLOURS,
        feature_distance: OptConfigType = None,
        loss_weight: float = 0.5,
        attention_weight: float = 1.0,
    ) -> None:
        super().__init__()
        for name, value in (
            ('loss_weight', loss_weight),
            ('attention_weight', attention_weight),
        ):
            check_number('cross_attention', name, value)
        self.loss_weight = loss_weight
        self.attention_weight = attention_weight
        self._settings = augmentation
        self.augmentation: nn.Module = nn.Identity()
        self.feature_distance = (
            None
            if feature_distance is None
            else FeatureDistance(**feature_distance)
        )
        self._shared: tuple[nn.Module | None, ...] = (None, None)

    def attach(self, student: nn.Module) -> None:
        """Build what needs the student.

        Raises:
            TypeError: A segmentor or backbone without such streams.
        """
        check_attention(student)
        self.augmentation = strong_augmentation(student, self._settings)
        if self.feature_distance is not None:
            self.feature_distance.attach(student)

    def after_init(self, student: nn.Module) -> None:
        """Copy the initial weights that features are compared with."""
        if self.feature_distance is not None:
            self.feature_distance.copy_weights(student)

    def share(
        self, teacher: nn.Module | None, density: nn.Module | None
    ) -> None:
        """Take the teacher's attention, and have the density estimated."""
        self._shared = (teacher, density)

    def labelling(
        self, teacher: nn.Module
    ) -> AbstractContextManager[list[AttentionRecord] | None]:
        """Record the attention of the pass that labels the target images."""
        if not self.attention_weight:
            return nullcontext()
        return recorded_attention(teacher.backbone)

    def training_batch(self, step: UDAStep) -> TrainingBatch:
        """Mixed images, as those of ``ClassMixedObjective``."""
        return mixed_batch(step, self.augmentation)

    def forward(self, student: nn.Module, step: UDAStep) -> dict[str, Tensor]:
        """Losses by name, and the share of confident target pixels."""
        batch = self.training_batch(step)
        note_batch(batch)
        source_attention = self.source_attention(step)
        streams = cross_domain_features(
            student.backbone,
            step.source_images,
            batch.images,
            record=self.attention_weight > 0,
        )
        losses = {}
        if self.attention_weight:
            # before the heads run, which need the memory of the records
            target_attention = step.records[self]
            if step.backward_pass.number < step.backward_pass.total:
                target_attention = [*target_attention]  # another pass follows
            divergence = attention_divergence(
                _consumed(streams.attention),
                _consumed(source_attention),
                _consumed(target_attention),
                ~batch.target_mask,
            )
            losses['loss_attention'] = self.attention_weight * divergence
        losses |= self.stream_losses(student, streams, step, batch)
        if self.feature_distance is not None:
            with noted_in(SOURCE):
                losses['loss_feature_distance'] = self.feature_distance(
                    student,
                    streams.source,
                    step.source_images,
                    step.source_labels,
                )
        losses['confident'] = step.pseudo.confident
        return losses

    def stream_losses(
        self,
        student: nn.Module,
        streams: CrossDomainFeatures,
        step: UDAStep,
        batch: TrainingBatch,
    ) -> dict[str, Tensor]:
        """Losses of the segmentor's heads, stream by stream.

        Args:
            student: The segmentor that is trained.
            streams: Of its backbone.
            step: Data of the iteration.
            batch: The mixed images with their labels.
        """
        _, density = self._shared
        source = PixelTargets(step.source_labels)
        source_by_mixed = PixelTargets(step.source_labels, batch.weight)
        mixed = batch.targets
        mixed_by_source = replace(mixed, weight=None)
        domain, cross = dict(density=density), dict(collect=False)
        losses = {}
        own = self.prefix  # row of the mixed images
        for name, row, features, targets, arguments in (
            # in the order of the public code, for batch norms
            ('src', SOURCE, streams.source, source, domain),
            ('t2s', None, streams.mixed_to_source, source_by_mixed, cross),
            ('mix', own, streams.mixed, mixed, domain),
            ('s2t', None, streams.source_to_mixed, mixed_by_source, cross),
        ):
            if student.with_neck:
                features = student.neck(features)
            with noted_in(row):
                predictions = prediction_losses(
                    student, features, targets, **arguments
                )
            values = joined_log(
                p.scaled(self.loss_weight) for p in predictions
            )
            losses |= {f'{name}.{key}': v for key, v in values.items()}
        return losses

    @torch.no_grad()
    def source_attention(self, step: UDAStep) -> list[AttentionRecord]:
        """The teacher's attention to the source images."""
        if not self.attention_weight:
            return []
        teacher, _ = self._shared
        with recorded_attention(teacher.backbone) as records:
            teacher.backbone(step.source_images)
        return records


def check_attention(student: nn.Module) -> None:
    """Refuse a segmentor whose attention cannot be had.

    Raises:
        TypeError: Names the key, and what can take its place.
    """
    if isinstance(student, HRDAEncoderDecoder):
        raise UserTypeError(
            'CDAC compares attention at one resolution, but '
            "model.segmentor.type is 'HRDAEncoderDecoder': set it to "
            "'EncoderDecoder', or choose model.type='HRDA'"
        )
    if takes_frames(student):
        raise UserTypeError(
            'CDAC sends source and mixed images through the layers of the '
            f'backbone itself, which leaves out what {type(student).__name__} '
            'makes of pairs of frames: set model.segmentor.type to '
            "'EncoderDecoder', or choose model.type='DAFormer'"
        )
    kind = type(student.backbone).__name__
    if not isinstance(student.backbone, FusedMixVisionTransformer):
        hint = (
            ', whose weights and keys are the same'
            if kind == 'MixVisionTransformer'
            else ' (as in configs/_base_/models/daformer_mit-b5.py), or '
            "choose model.type='DAFormer', which takes any backbone"
        )
        raise UserTypeError(
            'CDAC compares attention across domains, but '
            f'model.segmentor.backbone.type {kind!r} gives no attention: set '
            f"it to 'FusedMixVisionTransformer'{hint}"
        )


def _consumed(
    records: list[AttentionRecord],
) -> Iterator[AttentionRecord]:
    """Records in their order, let go of one by one."""
    records.reverse()
    while records:
        yield records.pop()
