"""Labels of images, which preprocessors pad like maps."""

import torch
from mmseg.utils import SampleList
from torch import Tensor

from ...errors import UserValueError


def image_labels(data_samples: SampleList) -> Tensor:
    """The label of each image, of which padding is taken off again.

    Args:
        data_samples: With ``gt_sem_seg``, padded as the images are.

    Returns:
        (N, 1, 1).

    Raises:
        ValueError: Maps of labels, or none; names an image and the keys.
    """
    labels = []
    for sample in data_samples:
        if 'gt_sem_seg' not in sample:
            raise UserValueError(
                f'{sample.metainfo.get("img_path", "An image")} comes '
                "without a label: put dict(type='LoadClassLabel') in front "
                'of the packing in the pipeline of its data set'
            )
        padding = sample.metainfo.get('padding_size', (0, 0, 0, 0))
        left, right, top, bottom = padding
        padded = sample.gt_sem_seg.data
        height, width = padded.shape[-2:]
        label = padded[..., top : height - bottom, left : width - right]
        if label.shape[-2:] != (1, 1):
            raise UserValueError(
                'A classifier learns one label an image, but '
                f'{sample.metainfo.get("img_path", "an image")} has a map of '
                f'{tuple(label.shape[-2:])} labels: choose a data set of '
                "classified images, or model.segmentor.type='EncoderDecoder'"
            )
        labels.append(label.squeeze(0))
    return torch.stack(labels)
