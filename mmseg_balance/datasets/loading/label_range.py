"""The labels that a data set may have: their values, and their size."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from mmengine.dataset import BaseDataset

from ..files.image_pairs import exif_orientation
from ..files.label_hints import channel_advice, zero_hint
from .bad_files import WrongLabelError
from .class_label import labels_images
from .named_labels import UNNAMED
from .preparation import size_advice

SHOWN_VALUES = 10


@dataclass(frozen=True)
class LabelRange:
    """Class ids and the id of ignored pixels.

    Args:
        num_classes: Number of classes C; their ids are 0 .. C - 1.
        ignore_index: Id of pixels without a class.
        reduce_zero_label: Whether loading takes 1 from each value, for the
            message alone.
        label_classes: Names of the ids in the files, where the data set has
            such, for the message alone.
    """

    num_classes: int
    ignore_index: int = 255
    reduce_zero_label: bool = False
    label_classes: Any = None

    @classmethod
    def of(cls, dataset: BaseDataset) -> 'LabelRange':
        """The range that a data set asks for.

        Args:
            dataset: Data set; where its ``metainfo`` has no classes, it has
                none.

        Returns:
            Its range.
        """
        return cls(
            num_classes=len(dataset.metainfo.get('classes') or ()),
            ignore_index=getattr(dataset, 'ignore_index', 255),
            reduce_zero_label=getattr(dataset, 'reduce_zero_label', False),
            label_classes=getattr(dataset, 'label_classes', None),
        )

    def check(self, label: np.ndarray, path: str, name: str) -> None:
        """Refuse other values.

        It reads the label map twice and no more, to be cheap enough for
        every load.

        Args:
            label: Label map as the loading transform returns it, (H, W), with
                label_map and reduce_zero_label applied.
            path: Its file, for the message.
            name: Key of the data set, for the message.

        Raises:
            ValueError: Names the file, the values and the number of classes.
        """
        if label.ndim != 2:
            raise WrongLabelError(
                f'{name} label {path} has the shape {label.shape}, expected '
                f'one number a pixel: {channel_advice(label.shape[-1])}'
            )
        pixels = np.count_nonzero(label >= self.num_classes)
        if self.ignore_index >= self.num_classes:
            pixels -= np.count_nonzero(label == self.ignore_index)
        if label.dtype.kind == 'i':
            pixels += np.count_nonzero(label < 0)
        if pixels:
            raise WrongLabelError(self._message(label, pixels, path, name))

    def count(self, label: np.ndarray) -> np.ndarray:
        """Count the pixels of each class.

        Args:
            label: Label map that :meth:`check` accepts, (H, W).

        Returns:
            int64 array (C,); ignored pixels are not counted.
        """
        counts = np.bincount(label.ravel(), minlength=self.num_classes)
        counts = counts[: self.num_classes].astype(np.int64)
        if self.ignore_index < self.num_classes:
            counts[self.ignore_index] = 0
        return counts

    def _message(
        self, label: np.ndarray, pixels: int, path: str, name: str
    ) -> str:
        values = np.unique(label)
        values = values[(values < 0) | (values >= self.num_classes)]
        values = values[values != self.ignore_index]
        shown = ', '.join(map(str, values[:SHOWN_VALUES]))
        more = ', ...' if len(values) > SHOWN_VALUES else ''
        shift = (
            ' (1 less than in the file, as reduce_zero_label is set)'
            if self.reduce_zero_label
            else ''
        )
        if self.label_classes is not None:
            return (
                f'{name} label {path} has ids in {pixels} pixels that '
                f'label_classes names no class of (found {shown}{more}, where '
                f'{UNNAMED} stands for those below {self.num_classes}): name '
                'them there, with None for those to be ignored'
            )
        return (
            f'{name} label {path} has the value {shown}{more}{shift} in '
            f'{pixels} pixels, expected 0 .. {self.num_classes - 1} for the '
            f'{self.num_classes} classes or {self.ignore_index} '
            '(ignore_index); the commands of mmseg-balance data write such '
            'labels, and metainfo.classes of the data set names its classes'
            + ('' if shift else zero_hint(values, self.num_classes))
        )


def check_label_size(results: dict, dataset: BaseDataset, name: str) -> None:
    """Refuse a label of another size than its image.

    Args:
        results: Image and label as they were loaded.
        dataset: Their data set.
        name: Its key.

    Raises:
        WrongLabelError: Names both files, their sizes, and what mends it.
    """
    if labels_images(dataset):
        return  # a label of one pixel, for whatever image
    # the image itself may have been resized before the label is loaded
    shape = results.get('ori_shape') or results['img'].shape
    height, width = shape[:2]
    label = results['gt_seg_map']
    if label.ndim == 2 and label.shape != (height, width):
        raise WrongLabelError(
            f'{name} label {results.get("seg_map_path")} has '
            f'{label.shape[1]} x {label.shape[0]} pixels, and its image '
            f'{results.get("img_path")} {width} x {height} (width x height): '
            f'{_size_advice(results, dataset)}'
        )


def _size_advice(results: dict, dataset: BaseDataset) -> str:
    turned = exif_orientation(results.get('img_path'))
    height, width = results['img'].shape[:2]
    if turned > 4 and results['gt_seg_map'].shape == (width, height):
        return (
            f'the EXIF tag of the image turns it (orientation {turned}) and '
            "not its label; color_type='color_ignore_orientation' of "
            'LoadImageFromFile leaves it as it is'
        )
    if getattr(dataset, 'translated_root', None):
        return (
            'translated_root has translations of another size: translate the '
            'images at the size of their labels, or resize the translations '
            'to it'
        )
    return (
        'give both the same size, or set data_prefix to the folders that '
        f'belong together{size_advice(dataset)}'
    )
