"""The label of a whole image, as a label map of one pixel."""

from typing import Any

import numpy as np
from mmcv.transforms import BaseTransform
from mmengine.dataset import BaseDataset
from mmseg.registry import TRANSFORMS

from ...errors import UserValueError

UNLABELLED = 255
MAX_CLASSES = 254
"""Labels are 8 bits: 255 is ignored, and 254 marks ids without a name."""


@TRANSFORMS.register_module()
class LoadClassLabel(BaseTransform):
    """Makes the class of an image its label map, of one pixel.

    It stands right in front of the packing, so that nothing that moves
    pixels sees the map. Adds ``gt_seg_map``, uint8 (1, 1), and its name to
    ``seg_fields``.

    Raises:
        ValueError: When an image comes in: its data set names no class of
            it, as one of segmentation.

    Example:
        >>> dict(type='LoadClassLabel')
    """

    def transform(self, results: dict) -> dict:
        """Add the map.

        Args:
            results: With ``label``, the class of the image, and
                ``label_map``, which class each of these is, or None.

        Returns:
            Them, with ``gt_seg_map``.
        """
        if results.get('label') is None:
            raise UserValueError(
                f'LoadClassLabel: the data set of {results.get("img_path")} '
                'tells no class of an image: take ClassFolderDataset, '
                "ImageListDataset or one of their kind, or dict(type='"
                "LoadAnnotations') for labels of pixels; a target set without "
                'labels needs neither of both transforms'
            )
        label = mapped(results['label'], results.get('label_map'))
        results['gt_seg_map'] = np.array([[label]], dtype=np.uint8)
        results['seg_fields'] = [*results.get('seg_fields', ()), 'gt_seg_map']
        return results

    def __repr__(self) -> str:
        return f'{type(self).__name__}()'


def mapped(label: int, label_map: dict[int, int] | None) -> int:
    """The class that an id in a list or folder stands for.

    Args:
        label: The id.
        label_map: See ``BaseSegDataset.label_map``.
    """
    return label if label_map is None else label_map.get(label, label)


def labels_images(dataset: Any) -> bool:
    """Whether the labels of a data set are one an image, not one a pixel.

    Args:
        dataset: Any data set, or a wrapper of such.
    """
    if isinstance(dataset, BaseDataset):
        return bool(getattr(dataset, 'labels_images', False))
    return bool(
        (getattr(dataset, 'metainfo', None) or {}).get('labels_images')
    )
