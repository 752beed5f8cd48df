"""Methods that learn from the frame before an image."""

from typing import Any

from mmseg.registry import MODELS
from mmseg.utils import ConfigType

from .adversarial_methods import TargetMethod
from .part_settings import DEFAULTS, settings_of_part
from .temporal import TemporalPseudoSupervisionObjective


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
