"""Packs segments, and the targets of an instance branch."""

import numpy as np
import torch
from mmengine.structures import PixelData
from mmseg.registry import TRANSFORMS

from ...errors import UserValueError
from ..pairs.pack_uda_inputs import PackUDAInputs
from .load_panoptic_annotations import PANOPTIC_MAP, SEGMENTS
from .moved_segments import check_moved, moved_ids
from .panoptic_targets import CENTERS, INSTANCES, LEARNT_MAP


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

        Raises:
            ValueError: A transform moved labels and no segments, or segments
                behind ``PanopticTargets``.
        """
        packed = super().transform(results)
        sample = packed['data_samples']
        if PANOPTIC_MAP in results:
            ids = moved_ids(results)
            check_moved(results, ids)
            _check_targets(results, ids)
            ids = np.ascontiguousarray(ids[None])
            sample.set_data(
                dict(gt_panoptic_seg=PixelData(data=torch.from_numpy(ids)))
            )
            sample.set_metainfo({SEGMENTS: results[SEGMENTS]})
        found = {k: results[k] for k in (INSTANCES, CENTERS) if k in results}
        sample.set_data(found)
        return packed


def _check_targets(results: dict, ids: np.ndarray) -> None:
    """Refuse targets that are not of the segments that are packed."""
    learnt = results.get(LEARNT_MAP)
    if learnt is not None and not np.array_equal(learnt, ids):
        raise UserValueError(
            f'the targets of {results.get("img_path")} are not where its '
            'segments are: a transform behind PanopticTargets moved these. '
            'Put PanopticTargets right before PackPanopticInputs'
        )
