"""Methods: compositions of objectives under their usual names."""

from collections.abc import Mapping
from typing import Any

from mmseg.registry import MODELS
from mmseg.utils import ConfigType, OptConfigType

from ...errors import UserTypeError
from ..segmentors import HRDAEncoderDecoder
from .mixing.augmentation_settings import (
    DACS_COLOURS,
    Augmentation,
    take_augmentation,
)
from .objectives import (
    ClassMixedObjective,
    CrossAttentionObjective,
    MaskedObjective,
    SourceObjective,
)
from .part_settings import DEFAULTS, settings_of_part, with_defaults
from .segmentor import UDASegmentor
from .temporal import (
    TemporalConsistencyObjective,
    TemporalPseudoSupervisionObjective,
)


@MODELS.register_module()
class SourceOnly(UDASegmentor):
    """Supervised training on the source, in the same frame as the methods.

    Args:
        segmentor: Config of an ``EncoderDecoder``.
        **kwargs: See :class:`UDASegmentor`. With ``alpha`` an average of
            the student is kept as teacher; it does not take part.
    """

    def __init__(self, segmentor: ConfigType, **kwargs: Any) -> None:
        super().__init__(segmentor, [SourceObjective()], **kwargs)


@MODELS.register_module()
class DACS(UDASegmentor):
    """Domain Adaptation via Cross-domain mixed Sampling (WACV 2021).

    Behaves as the DACS part of https://github.com/lhoyer/DAFormer. The
    methods below are DACS with more objectives switched on.

    Args:
        segmentor: Config of an ``EncoderDecoder``.
        alpha: Momentum of the teacher.
        augmentation: Of mixed and masked images, a dict of
            ``StrongAugmentationSettings``. None: they keep their colours,
            and no mean and std of them are needed.
        feature_distance: Arguments of ``FeatureDistance``. Default: none.
        masked_consistency: Arguments of ``MaskedObjective``, {} for its
            defaults. Default: none.
        temporal_supervision: Arguments of
            ``TemporalPseudoSupervisionObjective`` (TPS), {} for its
            defaults; the target's pipeline loads pairs of frames then.
            Default: none.
        temporal_consistency: Arguments of ``TemporalConsistencyObjective``
            (ITCR of DA-VSN), likewise. Default: none.
        frame_masks: Of mixed pairs of frames, see ``ClassMixedObjective``.
        **kwargs: See :class:`UDASegmentor`; and the names that 0.1.0 had
            for ``augmentation``, see ``take_augmentation``.
    """

    def __init__(
        self,
        segmentor: ConfigType,
        alpha: float = 0.99,
        augmentation: Augmentation = DACS_COLOURS,
        feature_distance: OptConfigType = None,
        masked_consistency: OptConfigType = None,
        temporal_supervision: OptConfigType = None,
        temporal_consistency: OptConfigType = None,
        frame_masks: str = 'image',
        **kwargs: Any,
    ) -> None:
        augmentation = take_augmentation(augmentation, kwargs)
        objectives = [
            SourceObjective(feature_distance),
            ClassMixedObjective(augmentation, frame_masks),
        ]
        for kind, name, given, defaults in (
            (
                MaskedObjective,
                'masked_consistency',
                masked_consistency,
                dict(augmentation=augmentation),
            ),
            (
                TemporalPseudoSupervisionObjective,
                'temporal_supervision',
                temporal_supervision,
                {},
            ),
            (
                TemporalConsistencyObjective,
                'temporal_consistency',
                temporal_consistency,
                {},
            ),
        ):
            settings = with_defaults(self, name, given, **defaults)
            if settings is not None:
                objectives.append(kind(**settings))
        super().__init__(segmentor, objectives, alpha=alpha, **kwargs)

    @classmethod
    def builds_teacher(cls, config: Mapping[str, Any]) -> bool:
        """True: mixed images have its labels."""
        return True


@MODELS.register_module()
class DAFormer(DACS):
    """DACS and a distance to ImageNet's features (CVPR 2022).

    Rare class sampling is a key of ``UDADataset``, the warm-up one of the
    schedule, and the margins without pseudo-labels are ``ignore_top`` and
    ``ignore_bottom``.

    Args:
        segmentor: Config of an ``EncoderDecoder``.
        feature_distance: Arguments of ``FeatureDistance``; None: without.
        alpha: Momentum of the teacher.
        **kwargs: See :class:`DACS`.
    """

    def __init__(
        self,
        segmentor: ConfigType,
        feature_distance: OptConfigType,
        alpha: float = 0.999,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            segmentor, alpha, feature_distance=feature_distance, **kwargs
        )


@MODELS.register_module()
class HRDA(DAFormer):
    """DAFormer at two resolutions (ECCV 2022).

    Args:
        segmentor: Config of an ``HRDAEncoderDecoder``.
        feature_distance: See :class:`DAFormer`.
        alpha: Momentum of the teacher.
        **kwargs: See :class:`DACS`.

    Raises:
        TypeError: Another segmentor.
    """

    def __init__(
        self,
        segmentor: ConfigType,
        feature_distance: OptConfigType,
        alpha: float = 0.999,
        **kwargs: Any,
    ) -> None:
        super().__init__(segmentor, feature_distance, alpha, **kwargs)
        if not isinstance(self.student, HRDAEncoderDecoder):
            raise UserTypeError(
                "HRDA needs model.segmentor.type='HRDAEncoderDecoder', but "
                f'got {type(self.student).__name__}'
            )


@MODELS.register_module()
class MIC(DACS):
    """Masked image consistency, on DACS, DAFormer or HRDA (CVPR 2023).

    What it is on follows from the config: ``feature_distance`` makes it
    DAFormer's, an ``HRDAEncoderDecoder`` HRDA's.

    Args:
        segmentor: Config of an ``EncoderDecoder``.
        feature_distance: See :class:`DAFormer`; None: on DACS.
        masked_consistency: Arguments of ``MaskedObjective``.
        alpha: Momentum of the teacher. Default: that of the method it is
            on, 0.999 with ``feature_distance`` and 0.99 without.
        **kwargs: See :class:`DACS`.
    """

    def __init__(
        self,
        segmentor: ConfigType,
        feature_distance: OptConfigType = None,
        masked_consistency: ConfigType = DEFAULTS,
        alpha: float | None = None,
        **kwargs: Any,
    ) -> None:
        if alpha is None:
            alpha = 0.99 if feature_distance is None else 0.999
        super().__init__(
            segmentor,
            alpha,
            feature_distance=feature_distance,
            masked_consistency=settings_of_part(
                self, 'masked_consistency', masked_consistency
            ),
            **kwargs,
        )


@MODELS.register_module()
class CDAC(UDASegmentor):
    """Cross-domain attention consistency, on DAFormer (ICCV 2023).

    Args:
        segmentor: Config of an ``EncoderDecoder`` with a
            ``FusedMixVisionTransformer``.
        feature_distance: See :class:`DAFormer`.
        alpha: Momentum of the teacher.
        augmentation: Of the mixed images, see :class:`DACS`.
        cross_attention: Further arguments of ``CrossAttentionObjective``.
        **kwargs: See :class:`DACS`.

    Raises:
        TypeError: A backbone whose attention cannot be had.
    """

    def __init__(
        self,
        segmentor: ConfigType,
        feature_distance: OptConfigType,
        alpha: float = 0.999,
        augmentation: Augmentation = DACS_COLOURS,
        cross_attention: ConfigType = DEFAULTS,
        **kwargs: Any,
    ) -> None:
        augmentation = take_augmentation(augmentation, kwargs)
        settings = settings_of_part(self, 'cross_attention', cross_attention)
        objective = CrossAttentionObjective(
            **{
                'augmentation': augmentation,
                'feature_distance': feature_distance,
                **settings,
            }
        )
        super().__init__(segmentor, [objective], alpha=alpha, **kwargs)
