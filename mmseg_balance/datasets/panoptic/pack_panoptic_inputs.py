"""Packs segments, and the targets of an instance branch."""

import numpy as np
import torch
from mmengine.structures import PixelData
from mmseg.registry import TRANSFORMS

from ..pairs.pack_uda_inputs import PackUDAInputs
from .load_panoptic_annotations import PANOPTIC_MAP, SEGMENTS
from .moved_segments import check_moved, moved_ids
from .panoptic_targets import CENTERS, INSTANCES


@TRANSFORMS.register_module()
class PackPanopticInputs(PackUDAInputs):
    """``PackUDAInputs`` that keeps segments.

    Where ``LoadPanopticAnnotations`` read them, the packed ``data_samples``
    has ``gt_panoptic_seg.data``, the ids of the file, int32 (1, H, W), and
    ``segments_info`` in its metainfo: what the file lists of them, of the
    whole image. It has ``gt_instances`` and ``gt_centers`` of
    ``PanopticTargets``.

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
        sample = packed['data_samples']
        if PANOPTIC_MAP in results:
            ids = moved_ids(results)
            check_moved(results, ids)
            ids = np.ascontiguousarray(ids[None])
            sample.set_data(
                dict(gt_panoptic_seg=PixelData(data=torch.from_numpy(ids)))
            )
            sample.set_metainfo({SEGMENTS: results[SEGMENTS]})
        found = {k: results[k] for k in (INSTANCES, CENTERS) if k in results}
        sample.set_data(found)
        return packed
