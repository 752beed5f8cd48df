"""Packs what the methods need of a sample beyond image and label."""

import numpy as np
from mmcv.transforms import to_tensor
from mmengine.structures import PixelData
from mmseg.datasets.transforms import PackSegInputs
from mmseg.registry import TRANSFORMS

from ..loading.packing import check_packing  # noqa: F401  its place in 0.1.0
from .pseudo_margins import VALID_PSEUDO


@TRANSFORMS.register_module()
class PackUDAInputs(PackSegInputs):
    """``PackSegInputs`` that keeps the map of ``PseudoMargins``.

    The packed ``data_samples`` then has ``valid_pseudo.data``, uint8
    (1, H, W), at the size of the packed image. Without that transform it
    does what ``PackSegInputs`` does.

    Args:
        meta_keys: See ``mmseg.datasets.PackSegInputs``.
    """

    def transform(self, results: dict) -> dict:
        """Pack a sample.

        Args:
            results: Of the transforms before it.

        Returns:
            ``dict(inputs=..., data_samples=...)``.
        """
        packed = super().transform(results)
        if VALID_PSEUDO in results:
            valid = np.ascontiguousarray(results[VALID_PSEUDO][None])
            packed['data_samples'].set_data(
                {VALID_PSEUDO: PixelData(data=to_tensor(valid))}
            )
        return packed
