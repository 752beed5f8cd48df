"""Packs what the methods need of a sample beyond image and label."""

from collections.abc import Callable, Sequence

import numpy as np
from mmcv.transforms import to_tensor
from mmengine.structures import PixelData
from mmseg.datasets.transforms import PackSegInputs
from mmseg.registry import TRANSFORMS

from ...errors import UserValueError
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


def check_packing(transforms: Sequence[Callable], key: str) -> None:
    """Refuse a pipeline that makes something and drops it in the end.

    Args:
        transforms: The transforms of the pipeline. Those with ``packed_by``,
            as ``PseudoMargins``, need the packing of that name.
        key: Key of its data set, for the message.

    Raises:
        ValueError: It packs with a transform that is another one, and no
            subclass of it.
    """
    packers = [t for t in transforms if isinstance(t, PackSegInputs)]
    if not packers:
        return
    kinds = [kind.__name__ for kind in type(packers[-1]).__mro__]
    for transform in transforms:
        wanted = getattr(transform, 'packed_by', None)
        if wanted is not None and wanted not in kinds:
            raise UserValueError(
                f'{key}.pipeline has {type(transform).__name__} and '
                f'{kinds[0]}, which drops what it makes: put '
                f"dict(type='{wanted}') in its place"
            )
