"""Methods that learn from the frame before an image."""

from typing import Any

from mmseg.registry import MODELS
from mmseg.utils import ConfigType, OptConfigType

from .adversarial_methods import TargetMethod
from .objectives import (
    AdversarialObjective,
    EntropyObjective,
    Objective,
    TargetPassObjective,
)
from .part_settings import DEFAULTS, settings_of_part, with_defaults
from .temporal import (
    TemporalConsistencyObjective,
    TemporalPseudoSupervisionObjective,
)


@MODELS.register_module()
class TPS(TargetMethod):
    """Temporal pseudo supervision (ECCV 2022).

    The target's pipeline loads pairs of frames, see docs/frame_pairs.md. On
    top of other methods, HRDA and MIC for two, it is their
    ``temporal_supervision``.

    Args:
        segmentor: Config of an ``EncoderDecoder``.
        temporal_supervision: Arguments of
            ``TemporalPseudoSupervisionObjective``. Default: its defaults.
        masked_consistency: See :class:`TargetMethod`.
        **kwargs: See :class:`TargetMethod`. As published there is no
            teacher; with ``alpha`` the teacher labels.
    """

    def __init__(
        self,
        segmentor: ConfigType,
        temporal_supervision: ConfigType = DEFAULTS,
        **kwargs: Any,
    ) -> None:
        settings = settings_of_part(
            self, 'temporal_supervision', temporal_supervision
        )
        objective = TemporalPseudoSupervisionObjective(**settings)
        super().__init__(segmentor, objective, **kwargs)


@MODELS.register_module()
class ITCR(TargetMethod):
    """Intra-domain temporal consistency, of DA-VSN (ICCV 2021).

    The part of DA-VSN that looks at single target clips. Its adversarial
    part sees two frames at once and is not here; ``adversarial`` adds that of
    AdaptSegNet, on the same pass over the target images. On top of other
    methods, HRDA and MIC for two, it is their ``temporal_consistency``.

    Args:
        segmentor: Config of an ``EncoderDecoder``.
        temporal_consistency: Arguments of ``TemporalConsistencyObjective``.
            Default: its defaults.
        adversarial: Arguments of ``AdversarialObjective``, {} for its
            defaults; an optimizer more, see :class:`AdaptSegNet`. Default:
            none.
        entropy: Arguments of ``EntropyObjective`` (MinEnt), {} for its
            defaults. Default: none.
        masked_consistency: See :class:`TargetMethod`.
        **kwargs: See :class:`TargetMethod`.
    """

    def __init__(
        self,
        segmentor: ConfigType,
        temporal_consistency: ConfigType = DEFAULTS,
        adversarial: OptConfigType = None,
        entropy: OptConfigType = None,
        **kwargs: Any,
    ) -> None:
        settings = settings_of_part(
            self, 'temporal_consistency', temporal_consistency
        )
        objective: Objective = TemporalConsistencyObjective(**settings)
        terms: list[Objective] = [objective]
        for name, given, kind in (
            ('adversarial', adversarial, AdversarialObjective),
            ('entropy', entropy, EntropyObjective),
        ):
            found = with_defaults(self, name, given)
            if found is not None:
                terms.append(kind(**found))
        if len(terms) > 1:
            objective = TargetPassObjective(terms)
        super().__init__(segmentor, objective, **kwargs)
