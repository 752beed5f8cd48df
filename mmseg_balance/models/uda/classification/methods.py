"""Methods that adapt classifiers, as compositions of terms and objectives."""

from collections.abc import Mapping
from typing import Any

from mmseg.registry import MODELS
from mmseg.utils import ConfigType, OptConfigType
from torch import nn

from ....errors import UserValueError
from ....number_checks import check_number
from ..objectives import MaskedObjective
from ..part_settings import DEFAULTS, with_defaults
from ..segmentor import UDASegmentor
from .conditional_adversary import CDAN
from .joint import JointObjective
from .minimum_class_confusion import MCC

FOLLOWED = ('masked', 'unmasked')
# what MIC's classifiers have in common
MASKS = dict(
    block_size=64,
    mask_ratio=0.7,
    # the weight of pseudo-labels counts in SAM's first pass alone
    weighted_passes=(1,),
    augmentation=dict(
        jitter_strength=0.2, jitter_probability=1.0, blur_probability=1.0
    ),
)


@MODELS.register_module()
class JointAdaptation(UDASegmentor):
    """Source and target images in one pass, and what is learnt on them.

    Any of the parts may be left out; the methods below are this one with
    some of them switched on. Without any it is training on the source, whose
    batch norms see both domains.

    Args:
        segmentor: Config of an ``ImageClassifier``.
        mcc: Arguments of ``MCC``, {} for its defaults. Default: none.
        cdan: Arguments of ``CDAN``. Default: none.
        masked_consistency: Arguments of ``MaskedObjective``, whose defaults
            are here those of https://github.com/lhoyer/MIC (cls/). It needs
            a teacher, ``alpha``. Default: none.
        target_statistics: Which target images are those that BLDA follows,
            with the teacher's labels: 'masked', those that are learnt from,
            where there are some; or 'unmasked', as its Alg. 1 is printed.
        trade_off: Weight of these parts beside the source loss, at least 0.
            As in the public code it is 1 in the first pass of
            ``SAMOptimWrapper``, whatever it is.
        alpha: Momentum of the teacher. Default: no teacher.
        pseudo_threshold, pseudo_weighting: See :class:`UDASegmentor`. By
            default all pseudo-labels count, with weight 1; with 'confidence'
            by the teacher's probability.
        **kwargs: See :class:`UDASegmentor`.

    Raises:
        TypeError, ValueError: A part whose settings are none; names it.
    """

    def __init__(
        self,
        segmentor: ConfigType,
        mcc: OptConfigType = None,
        cdan: OptConfigType = None,
        masked_consistency: OptConfigType = None,
        target_statistics: str = 'masked',
        trade_off: float = 1.0,
        alpha: float | None = None,
        pseudo_threshold: float = 0.0,
        pseudo_weighting: str = 'pixel',
        **kwargs: Any,
    ) -> None:
        check_number(type(self).__name__, 'trade_off', trade_off)
        if target_statistics not in FOLLOWED:
            raise UserValueError(
                f'Expected `target_statistics` of {type(self).__name__} to be '
                f'one of {FOLLOWED}, but got {target_statistics!r}'
            )
        follows_masked = target_statistics == 'masked'
        weights = 1.0 if trade_off == 1 else (1.0, trade_off)
        terms: list[nn.Module] = []
        for name, settings, kind in (('cdan', cdan, CDAN), ('mcc', mcc, MCC)):
            given = with_defaults(self, name, settings, loss_weight=weights)
            if given is not None:
                terms.append(kind(**given))
        objectives: list[nn.Module] = [
            JointObjective(terms, statistics=not follows_masked)
        ]
        masked = with_defaults(
            self,
            'masked_consistency',
            masked_consistency,
            **MASKS,
            loss_weight=weights,
            statistics=follows_masked,
        )
        if masked is not None:
            objectives.append(MaskedObjective(**masked))
        super().__init__(
            segmentor,
            objectives,
            alpha=alpha,
            pseudo_threshold=pseudo_threshold,
            pseudo_weighting=pseudo_weighting,
            **kwargs,
        )


@MODELS.register_module()
class MCCAdaptation(JointAdaptation):
    """Minimum class confusion (ECCV 2020), with any optimizer.

    Args:
        segmentor: Config of an ``ImageClassifier``.
        mcc: Arguments of ``MCC``.
        **kwargs: See :class:`JointAdaptation`.
    """

    def __init__(
        self,
        segmentor: ConfigType,
        mcc: ConfigType = DEFAULTS,
        **kwargs: Any,
    ) -> None:
        _check_given(self, mcc=mcc)
        super().__init__(segmentor, mcc=mcc, **kwargs)


@MODELS.register_module()
class CDANAdaptation(JointAdaptation):
    """Conditional adversarial adaptation (NeurIPS 2018), with any optimizer.

    Args:
        segmentor: Config of an ``ImageClassifier``.
        cdan: Arguments of ``CDAN``.
        **kwargs: See :class:`JointAdaptation`.
    """

    def __init__(
        self,
        segmentor: ConfigType,
        cdan: ConfigType = DEFAULTS,
        **kwargs: Any,
    ) -> None:
        _check_given(self, cdan=cdan)
        super().__init__(segmentor, cdan=cdan, **kwargs)


@MODELS.register_module()
class SDAT(MCCAdaptation):
    """Smooth domain-adversarial training (ICML 2022): CDAN, MCC and SAM.

    "A Closer Look at Smoothness in Domain Adversarial Training"; behaves as
    https://github.com/val-iisc/SDAT where ``optim_wrapper.type`` is
    'SAMOptimWrapper'. With another optimizer it is CDAN and MCC, and the
    first iteration warns of it.

    Args:
        segmentor: Config of an ``ImageClassifier``.
        mcc: Arguments of ``MCC``.
        cdan: Arguments of ``CDAN``.
        **kwargs: See :class:`JointAdaptation`.
    """

    named_for_passes = 2

    def __init__(
        self,
        segmentor: ConfigType,
        mcc: ConfigType = DEFAULTS,
        cdan: ConfigType = DEFAULTS,
        **kwargs: Any,
    ) -> None:
        _check_given(self, cdan=cdan)
        super().__init__(segmentor, mcc, cdan=cdan, **kwargs)


@MODELS.register_module()
class ClassificationMIC(SDAT):
    """Masked image consistency of classifiers, on SDAT (CVPR 2023).

    Behaves as https://github.com/lhoyer/MIC (cls/), whose settings for
    ResNet-101 are the defaults.

    Args:
        segmentor: Config of an ``ImageClassifier``.
        masked_consistency: See :class:`JointAdaptation`.
        alpha: Momentum of the teacher.
        **kwargs: See :class:`SDAT`.
    """

    def __init__(
        self,
        segmentor: ConfigType,
        masked_consistency: ConfigType = DEFAULTS,
        alpha: float = 0.9,
        **kwargs: Any,
    ) -> None:
        _check_given(self, masked_consistency=masked_consistency)
        super().__init__(
            segmentor,
            masked_consistency=masked_consistency,
            alpha=alpha,
            **kwargs,
        )

    @classmethod
    def builds_teacher(cls, config: Mapping[str, Any]) -> bool:
        """True: masked images have its labels."""
        return True


def _check_given(method: nn.Module, **parts: OptConfigType) -> None:
    """Refuse a method without a part that it is named for."""
    for name, settings in parts.items():
        if settings is None:
            raise UserValueError(
                f'{name} of {type(method).__name__} is None, but the method '
                'always has it: write {} for its defaults, or model.type='
                "'JointAdaptation', which may be without"
            )
