"""Samples of this package as MMDetection's heads take them."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import torch.nn.functional as F
from mmengine.structures import InstanceData
from mmseg.structures import SegDataSample
from mmseg.utils import SampleList
from torch import Tensor

from ....errors import UserValueError

if TYPE_CHECKING:
    from mmdet.structures import DetDataSample


def training_samples(data_samples: SampleList) -> list['DetDataSample']:
    """Instances of a batch, with masks of the padded size.

    Args:
        data_samples: With ``gt_sem_seg``, padded, and ``gt_instances``:
            ``bboxes`` (K, 4), ``labels`` (K,) and ``masks``, bool (K, H, W).

    Returns:
        Samples of MMDetection.

    Raises:
        ValueError: A sample has no instances; says which key makes them.
    """
    return [_training_sample(sample) for sample in data_samples]


def _training_sample(sample: SegDataSample) -> 'DetDataSample':
    from mmdet.structures import DetDataSample
    from mmdet.structures.mask import BitmapMasks

    if 'gt_instances' not in sample:
        raise UserValueError(
            'MaskRCNNHead learns from gt_instances, but '
            f'{sample.metainfo.get("img_path", "a sample")} has none: put '
            "dict(type='PanopticTargets', instances=True) into "
            'train_pipeline, before PackPanopticInputs'
        )
    shape = tuple(sample.gt_sem_seg.data.shape[-2:])
    given = sample.gt_instances
    masks = _padded(given.masks, shape, sample.metainfo).cpu().numpy()
    found = DetDataSample(
        metainfo=dict(
            img_shape=tuple(sample.metainfo.get('img_shape', shape)),
            pad_shape=shape,
            batch_input_shape=shape,
        )
    )
    found.gt_instances = InstanceData(
        bboxes=given.bboxes.reshape(-1, 4),
        labels=given.labels,
        masks=BitmapMasks(masks.astype('uint8'), *shape),
    )
    return found


def _padded(
    masks: Tensor, shape: tuple[int, int], metainfo: dict[str, Any]
) -> Tensor:
    """Masks (K, H, W) behind the padding that their image was given."""
    if tuple(masks.shape[-2:]) == shape:
        return masks
    if len(masks) == 0:
        return masks.new_zeros((0, *shape))
    return F.pad(masks, tuple(metainfo['padding_size']))


def without_classes(
    samples: Sequence['DetDataSample'],
) -> list['DetDataSample']:
    """Samples whose instances are objects of one class, 0.

    Args:
        samples: Of :func:`training_samples`.

    Returns:
        Others that share boxes and masks with them.
    """
    found = []
    for sample in samples:
        other = sample.new()
        instances = sample.gt_instances
        other.gt_instances = instances.new()
        other.gt_instances.labels = instances.labels.new_zeros(len(instances))
        found.append(other)
    return found


def image_samples(metas: Sequence[dict[str, Any]]) -> list['DetDataSample']:
    """Sizes of images that are to be predicted.

    Args:
        metas: See ``InstanceHead.predict``.

    Returns:
        Samples of MMDetection, without instances.

    Raises:
        ValueError: An image is padded on the left or at the top, where
            MMDetection's boxes begin.
    """
    from mmdet.structures import DetDataSample

    found = []
    for meta in metas:
        left, _, top, _ = meta['padding_size']
        if left or top:
            raise UserValueError(
                'Expected images padded on the right and at the bottom, as '
                'SegDataPreProcessor does, but padding_size (left, right, '
                f'top, bottom) is {meta["padding_size"]}'
            )
        height, width = meta['img_shape']
        original = tuple(meta['ori_shape'][:2])
        found.append(
            DetDataSample(
                metainfo=dict(
                    img_shape=(height, width),
                    pad_shape=tuple(meta['pad_shape']),
                    batch_input_shape=tuple(meta['pad_shape']),
                    ori_shape=original,
                    scale_factor=(width / original[1], height / original[0]),
                )
            )
        )
    return found
