"""What data sets with one label an image have in common."""

from collections.abc import Sequence

import numpy as np
from mmseg.datasets import BaseSegDataset

from ...errors import UserValueError
from ..loading.class_label import MAX_CLASSES, UNLABELLED, mapped

IMAGE_SUFFIXES = (
    '.jpg', '.jpeg', '.png', '.bmp', '.webp', '.tif', '.tiff',
)  # fmt: skip


class LabelledImages(BaseSegDataset):
    """A data set of images that have a class each.

    Its samples have ``img_path`` and ``label``, the id of their class, which
    ``LoadClassLabel`` makes the label map of the rest of the package.
    ``metainfo`` has ``labels_images=True`` beside classes and palette.

    Args:
        **kwargs: See ``mmseg.datasets.BaseSegDataset``. Of
            ``metainfo.classes``, which data sets of MMSegmentation let be a
            part of their own, what is left out is ignored.

    Raises:
        ValueError: There are more classes than labels of 8 bits have.
    """

    METAINFO: dict = dict(labels_images=True)
    labels_images = True

    def __init__(self, **kwargs) -> None:
        kwargs.setdefault('img_suffix', IMAGE_SUFFIXES)
        kwargs.setdefault('data_prefix', dict(img_path=''))
        super().__init__(**kwargs)

    def __init_subclass__(cls, **kwargs) -> None:
        super().__init_subclass__(**kwargs)
        cls.METAINFO = dict(cls.METAINFO, labels_images=True)

    def full_init(self) -> None:
        """List the images; refuse more classes than labels can name."""
        classes = self._metainfo.get('classes') or ()
        if len(classes) > MAX_CLASSES:
            raise UserValueError(
                f'{type(self).__name__}: {len(classes)} classes, expected at '
                f'most {MAX_CLASSES}: labels are 8 bits, of which 255 is '
                'ignored'
            )
        super().full_init()

    def entry(self, path: str, label: int) -> dict:
        """What a pipeline is given of an image.

        Args:
            path: Its file.
            label: Id of its class, 255 where it has none.
        """
        return dict(
            img_path=path,
            label=label,
            label_map=self.label_map,
            reduce_zero_label=False,
            seg_fields=[],
        )

    def labels(self) -> np.ndarray:
        """Class of each image, int64 (N,); 255 where it is ignored."""
        infos = (self.get_data_info(i) for i in range(len(self)))
        return np.array(
            [mapped(info['label'], info['label_map']) for info in infos],
            dtype=np.int64,
        )

    def class_pixels(self) -> np.ndarray:
        """Images of each class: each image is a pixel of its label map.

        Returns:
            int64 (N, C), with a 1 in each row, or none where the image is
            ignored.
        """
        labels = self.labels()
        classes = np.arange(len(self._metainfo.get('classes') or ()))
        return (labels[:, None] == classes).astype(np.int64)

    def get_cat_ids(self, idx: int) -> list[int]:
        """The class of an image, as ``ClassBalancedDataset`` asks for it.

        Args:
            idx: Index of the image.
        """
        info = self.get_data_info(idx)
        label = mapped(info['label'], info['label_map'])
        return [] if label == UNLABELLED else [label]

    def known_ids(self) -> Sequence[int]:
        """Ids that its lists may have, in order."""
        if self.label_map is not None:
            return sorted(self.label_map)
        return range(len(self._metainfo.get('classes') or ()))
