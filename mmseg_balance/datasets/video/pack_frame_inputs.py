"""Packs pairs of frames."""

import numpy as np
import torch
from mmengine.structures import PixelData
from mmseg.registry import TRANSFORMS

from ...errors import UserValueError
from ..pairs.pack_uda_inputs import PackUDAInputs
from .fields import FLOW, FLOW_VALID, PREV_IMAGE, PREV_LABEL, PREV_PATH

META_KEYS = (PREV_PATH, 'sequence', 'frame')


@TRANSFORMS.register_module()
class PackFrameInputs(PackUDAInputs):
    """``PackUDAInputs`` that keeps the earlier frame and the flow to it.

    Where they were loaded, the packed ``data_samples`` has

    ======================== ==================================== ==========
    ``prev_img.data``        the earlier frame, not normalised,   (3, H, W)
                             in the dtype of ``inputs``
    ``flow.data``            (u, v) in pixels, on the grid of     (2, H, W)
                             ``inputs`` and pointing to the
                             earlier frame, float32
    ``flow_valid.data``      where the flow counts, bool          (1, H, W)
    ``prev_gt_sem_seg.data`` labels of the earlier frame, int64   (1, H, W)
    ======================== ==================================== ==========

    and in its metainfo ``prev_img_path``, ``sequence`` and ``frame``.

    Args:
        meta_keys: See ``mmseg.datasets.PackSegInputs``.
    """

    def transform(self, results: dict) -> dict:
        """Pack a pair.

        Args:
            results: Of the transforms before it.

        Returns:
            ``dict(inputs=..., data_samples=...)``.

        Raises:
            ValueError: A transform moved the image and not the rest.
        """
        packed = super().transform(results)
        sample = packed['data_samples']
        size = tuple(packed['inputs'].shape[-2:])
        for key, name, kind in (
            (PREV_IMAGE, 'prev_img', None),
            (FLOW, 'flow', torch.float32),
            (FLOW_VALID, 'flow_valid', torch.bool),
            (PREV_LABEL, 'prev_gt_sem_seg', torch.int64),
        ):
            if key not in results:
                continue
            data = _channels_first(results[key])
            if tuple(data.shape[-2:]) != size:
                raise _not_moved(results, key)
            sample.set_data({name: PixelData(data=data.to(kind))})
        known = {key: results[key] for key in META_KEYS if key in results}
        sample.set_metainfo(known)
        return packed


def _channels_first(field: np.ndarray) -> torch.Tensor:
    """A map (H, W) or (H, W, C) as a tensor (C, H, W)."""
    field = field[None] if field.ndim == 2 else field.transpose(2, 0, 1)
    return torch.from_numpy(np.ascontiguousarray(field))


def _not_moved(results: dict, key: str) -> UserValueError:
    height, width = results['img'].shape[:2]
    found = results[key].shape
    return UserValueError(
        f'{key} of {results.get("img_path")} has {found[1]} x {found[0]} '
        f'pixels (width x height), the image {width} x {height}: a transform '
        'of the pipeline moved the image alone'
    )
