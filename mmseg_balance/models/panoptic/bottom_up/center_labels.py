"""Maps of centres and offsets that a batch is labelled with."""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from mmseg.structures import SegDataSample
from mmseg.utils import SampleList
from torch import Tensor

from ....errors import UserValueError


class CenterLabels(NamedTuple):
    """What a branch learns of N images, float32.

    Attributes:
        heatmap: (N, 1, H, W), 1 at the centre of each instance.
        offset: From each pixel to its centre (N, 2, H, W): rows, then
            columns, in pixels.
        center_weight: Of the heatmap, (N, 1, H, W).
        offset_weight: Of the offsets, (N, 1, H, W).
    """

    heatmap: Tensor
    offset: Tensor
    center_weight: Tensor
    offset_weight: Tensor


def stack_center_labels(data_samples: SampleList) -> CenterLabels:
    """The ``gt_centers`` of a batch; padding has no weight.

    Args:
        data_samples: With ``gt_centers``, which may be smaller than
            ``gt_sem_seg`` where the batch was padded to the right and below.

    Raises:
        ValueError: A sample has no such maps; says which key makes them.
    """
    maps = [_maps_of(sample) for sample in data_samples]
    return CenterLabels(*map(torch.stack, zip(*maps, strict=True)))


def _maps_of(sample: SegDataSample) -> list[Tensor]:
    if 'gt_centers' not in sample:
        raise UserValueError(
            'CenterOffsetHead learns from gt_centers, but '
            f'{sample.metainfo.get("img_path", "a sample")} has none: put '
            "dict(type='PanopticTargets', centers=True) into train_pipeline, "
            'before PackPanopticInputs'
        )
    centers, labels = sample.gt_centers, sample.gt_sem_seg
    height, width = labels.shape
    below, right = height - centers.shape[0], width - centers.shape[1]
    maps = (getattr(centers, name) for name in CenterLabels._fields)
    if not below and not right:
        return [values.float() for values in maps]
    return [F.pad(values.float(), (0, right, 0, below)) for values in maps]
