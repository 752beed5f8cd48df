"""The values that the label maps of a data set may have."""

from dataclasses import dataclass

import numpy as np
from mmengine.dataset import BaseDataset

from ...errors import UserValueError

SHOWN_VALUES = 10


def channel_advice(channels: int) -> str:
    """What becomes of a label image with several channels.

    Args:
        channels: How many.

    Returns:
        What is to be done.
    """
    if channels == 2:
        return 'save it without its alpha channel'
    return 'colour-coded labels must be turned into class ids first'


def zero_hint(values: np.ndarray, num_classes: int) -> str:
    """What to try where the classes of label files seem to begin at 1.

    Args:
        values: The values in a file that are no class.
        num_classes: Number of classes C.

    Returns:
        What to put behind an error message; empty where C is not the only
        value.
    """
    if list(values) != [num_classes]:
        return ''
    return (
        f'. Do the files count the classes from 1 to {num_classes}, and is 0 '
        'unlabelled? Then say so with reduce_zero_label=True in the data set, '
        'and with --reduce-zero-label to mmseg-balance data class-stats. Is 0 '
        f'a class of its own? Then there are {num_classes + 1} classes: '
        'metainfo.classes, num_classes'
    )


@dataclass(frozen=True)
class LabelRange:
    """Class ids and the id of ignored pixels.

    Args:
        num_classes: Number of classes C; their ids are 0 .. C - 1.
        ignore_index: Id of pixels without a class.
        reduce_zero_label: Whether loading takes 1 from each value, for the
            message alone.
    """

    num_classes: int
    ignore_index: int = 255
    reduce_zero_label: bool = False

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
            raise UserValueError(
                f'{name} label {path} has the shape {label.shape}, expected '
                f'one number a pixel: {channel_advice(label.shape[-1])}'
            )
        pixels = np.count_nonzero(label >= self.num_classes)
        if self.ignore_index >= self.num_classes:
            pixels -= np.count_nonzero(label == self.ignore_index)
        if label.dtype.kind == 'i':
            pixels += np.count_nonzero(label < 0)
        if pixels:
            raise UserValueError(self._message(label, pixels, path, name))

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
        return (
            f'{name} label {path} has the value {shown}{more}{shift} in '
            f'{pixels} pixels, expected 0 .. {self.num_classes - 1} for the '
            f'{self.num_classes} classes or {self.ignore_index} '
            '(ignore_index); the commands of mmseg-balance data write such '
            'labels, and metainfo.classes of the data set names its classes'
            + ('' if shift else zero_hint(values, self.num_classes))
        )
