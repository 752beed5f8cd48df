"""Panoptic segmentation: classes are adapted, instances with them."""

from typing import Any

from mmseg.registry import MODELS
from mmseg.utils import ConfigType, OptConfigType

from .checks.instances import check_finds_instances
from .methods import DAFormer


@MODELS.register_module()
class EDAPS(DAFormer):
    """Enhanced domain-adaptive panoptic segmentation (ICCV 2023).

    DAFormer with a student that finds instances, too. They are learnt on the
    source, from the features of the semantic branch and in one backward pass
    with it; mixed images have semantic losses alone, so instances are adapted
    by the encoder that both branches share. Behaves as M-Dec-TD of
    https://github.com/susaha/edaps.

    Args:
        segmentor: Config of a ``PanopticEncoderDecoder``.
        feature_distance: See :class:`DAFormer`.
        alpha: Momentum of the teacher.
        **kwargs: See :class:`DACS`.

    Raises:
        TypeError: A segmentor without instance branch.
    """

    def __init__(
        self,
        segmentor: ConfigType,
        feature_distance: OptConfigType,
        alpha: float = 0.999,
        **kwargs: Any,
    ) -> None:
        super().__init__(segmentor, feature_distance, alpha, **kwargs)
        check_finds_instances('EDAPS', self.student)
