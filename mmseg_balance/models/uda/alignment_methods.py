"""Methods that align features of objects, one pass over the target a step."""

from typing import Any

from mmseg.registry import MODELS
from mmseg.utils import ConfigType, OptConfigType

from ...errors import UserValueError
from .adversarial_methods import TargetMethod
from .objectives import (
    AdversarialObjective,
    EntropyObjective,
    FeatureAlignmentObjective,
    LabelledTargetObjective,
    TargetPassObjective,
)
from .part_settings import DEFAULTS, with_defaults

SINGLE_LEVEL = dict(auxiliary_loss_weight=0.0)


@MODELS.register_module()
class PHFA(TargetMethod):
    """Progressive hierarchical feature alignment (Hua and Yi, 2022).

    Adversarial alignment of the output (Eq. 10), maximum squares with the
    classes of an image balanced (Eq. 3), and the features of objects and
    background (Eq. 1 and 6), on one pass over the target images. Several
    sources, few target images and translated images are matters of
    ``UDADataset``. Parts can be left out; without any it is ``SourceOnly``.

    Args:
        segmentor: Config of an ``EncoderDecoder``; published with a
            ``DLV2Head``.
        feature_alignment: Arguments of ``FeatureAlignmentObjective``:
            ``stuff_classes`` and ``thing_classes`` (background and objects)
            at least. Default: 50 features of each class, weights 0.01. None:
            without.
        adversarial: Arguments of ``AdversarialObjective``. Default: weight
            0.01 for the decode head, none for others. None: without.
        max_square: Arguments of ``EntropyObjective``. Default: kind
            'image_weighted_max_square' with ratio 0.2, weight 0.003 for the
            decode head, none for others. None: without.
        labelled_target: Arguments of ``LabelledTargetObjective`` (Eq. 9 and
            11), {} for its defaults, on the same pass. Default: none.
        **kwargs: See :class:`TargetMethod`.

    Raises:
        ValueError: All parts are None.
    """

    def __init__(
        self,
        segmentor: ConfigType,
        feature_alignment: OptConfigType,
        adversarial: OptConfigType = DEFAULTS,
        max_square: OptConfigType = DEFAULTS,
        labelled_target: OptConfigType = None,
        **kwargs: Any,
    ) -> None:
        square = dict(kind='image_weighted_max_square', loss_weight=0.003)
        parts = dict(
            adversarial=(
                AdversarialObjective,
                adversarial,
                SINGLE_LEVEL | dict(loss_weight=0.01),
            ),
            max_square=(EntropyObjective, max_square, SINGLE_LEVEL | square),
            feature_alignment=(
                FeatureAlignmentObjective,
                feature_alignment,
                dict(thing_buffer=50),
            ),
            labelled_target=(LabelledTargetObjective, labelled_target, {}),
        )
        terms = []
        for name, (kind, settings, defaults) in parts.items():
            settings = with_defaults(self, name, settings, **defaults)
            if settings is not None:
                terms.append(kind(**settings))
        if not terms:
            raise UserValueError(
                f'{type(self).__name__} has adversarial, max_square, '
                'feature_alignment and labelled_target all None, so that it '
                'learns nothing from the target: leave one of them, or set '
                "model.type='SourceOnly'"
            )
        super().__init__(segmentor, TargetPassObjective(terms), **kwargs)


@MODELS.register_module()
class SIM(PHFA):
    """Stuff and instance matching (Wang et al., CVPR 2020).

    Adversarial alignment of the output, and the features of stuff and
    objects, on one pass over the target images.

    Args:
        segmentor: See :class:`PHFA`.
        feature_alignment: Arguments of ``FeatureAlignmentObjective``:
            ``stuff_classes`` and ``thing_classes`` at least. Default: 50
            features of each stuff class, 500 of each thing class, weights
            0.01.
        adversarial: Arguments of ``AdversarialObjective``. Default: weight
            0.001 for the decode head, none for others. None: without.
        max_square: See :class:`PHFA`. Default: none.
        **kwargs: See :class:`PHFA`.

    Raises:
        ValueError: ``feature_alignment`` is None.
    """

    def __init__(
        self,
        segmentor: ConfigType,
        feature_alignment: ConfigType,
        adversarial: OptConfigType = DEFAULTS,
        max_square: OptConfigType = None,
        **kwargs: Any,
    ) -> None:
        if feature_alignment is None:
            raise UserValueError(
                'SIM without feature_alignment is AdaptSegNet: set '
                "model.type='AdaptSegNet', or feature_alignment to a dict"
            )
        super().__init__(
            segmentor,
            with_defaults(
                self, 'feature_alignment', feature_alignment, thing_buffer=500
            ),
            with_defaults(self, 'adversarial', adversarial, loss_weight=0.001),
            max_square,
            **kwargs,
        )
