"""What data sets with one label an image have in common."""

import os.path as osp
from collections.abc import Collection, Sequence

import numpy as np
from mmseg.datasets import BaseSegDataset

from ...errors import UserValueError
from ..loading.class_label import MAX_CLASSES, UNLABELLED, mapped
from .folders import images_below, refuse_other_folders

IMAGE_SUFFIXES = (
    '.jpg', '.jpeg', '.png', '.bmp', '.webp', '.tif', '.tiff',
)  # fmt: skip


class LabelledImages(BaseSegDataset):
    """A data set of images that have a class each.

    Its samples have ``img_path`` and ``label``, the id of their class, which
    ``LoadClassLabel`` makes the label map of the rest of the package.
    ``metainfo`` has ``labels_images=True`` beside classes and palette.

    Args:
        lacks_classes: Whether some of the classes may have no image, which
            is refused else where labels are used.
        img_suffix: What the names of images end with, in whichever case.
        lazy_init: See ``mmengine.dataset.BaseDataset``.
        **kwargs: See ``mmseg.datasets.BaseSegDataset``. Of a class of it
            that has names of classes, ``metainfo.classes`` may be a part;
            images of the others are left out.

    Raises:
        ValueError: There are more classes than labels of 8 bits have, or
            ``reduce_zero_label`` is set.
    """

    METAINFO: dict = dict(labels_images=True)
    labels_images = True

    def __init__(
        self,
        lacks_classes: bool = False,
        img_suffix: str | Sequence[str] = IMAGE_SUFFIXES,
        lazy_init: bool = False,
        **kwargs,
    ) -> None:
        if kwargs.get('reduce_zero_label'):
            raise UserValueError(
                f'{type(self).__name__}: reduce_zero_label=True is for labels '
                'of pixels, where 0 may be background: leave it away, and '
                'name classes and their ids in metainfo.classes or the list'
            )
        self.lacks_classes = lacks_classes
        kwargs.setdefault('data_prefix', dict(img_path=''))
        if not isinstance(img_suffix, str):
            img_suffix = tuple(img_suffix)
        super().__init__(img_suffix=img_suffix, lazy_init=True, **kwargs)
        # of ids and folders, whatever is trained of them
        self.listed_classes: tuple[str, ...] = tuple(
            self.METAINFO.get('classes') or self._metainfo.get('classes') or ()
        )
        if not lazy_init:
            self.full_init()

    def __init_subclass__(cls, **kwargs) -> None:
        super().__init_subclass__(**kwargs)
        cls.METAINFO = dict(cls.METAINFO, labels_images=True)

    def places(self) -> list[tuple[str, str]]:
        """Files and folders that have to be there, by the keys they have."""
        return []

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

    def filter_data(self) -> list[dict]:
        """Leave out images of classes that are not trained.

        Returns:
            The others.

        Raises:
            ValueError: There are none.
        """
        kept = [
            info
            for info in self.data_list
            if info['label'] == UNLABELLED or _class_of(info) != UNLABELLED
        ]
        if not kept:
            place = self.ann_file or self.data_prefix.get('img_path')
            raise UserValueError(
                f'{type(self).__name__}: there is no image in {place} of the '
                f'classes {", ".join(self.metainfo.get("classes") or ())} '
                f'whose name ends with one of {self.img_suffix} (img_suffix)'
            )
        return kept

    def entry(self, path: str, label: int | None) -> dict:
        """What a pipeline is given of an image.

        Args:
            path: Its file.
            label: Id of its class; None where it is not known.
        """
        return dict(
            img_path=path,
            label=UNLABELLED if label is None else label,
            label_map=self.label_map,
            reduce_zero_label=False,
            seg_fields=[],
        )

    def entries_in(
        self, folder: str, skipped: Collection[str] = ()
    ) -> list[dict]:
        """Entries of a folder that has a folder for each class.

        Args:
            folder: The folder.
            skipped: Folders in it that are no class.

        Raises:
            FileNotFoundError: There is no such folder.
            ValueError: There is a folder that is no class.
        """
        refuse_other_folders(folder, self.listed_classes, skipped)
        return [
            self.entry(path, c)
            for c, name in enumerate(self.listed_classes)
            for path in images_below(osp.join(folder, name), self.img_suffix)
        ]

    def labels(self) -> np.ndarray:
        """Class of each image, int64 (N,); 255 where it is not known."""
        infos = (self.get_data_info(i) for i in range(len(self)))
        return np.array([_class_of(info) for info in infos], dtype=np.int64)

    def class_pixels(self) -> np.ndarray:
        """Images of each class: each image is a pixel of its label map.

        Returns:
            int64 (N, C), with a 1 in each row, or none where the class of
            the image is not known.
        """
        classes = np.arange(len(self._metainfo.get('classes') or ()))
        return (self.labels()[:, None] == classes).astype(np.int64)

    def get_cat_ids(self, idx: int) -> list[int]:
        """The class of an image, as ``ClassBalancedDataset`` asks for it.

        Args:
            idx: Index of the image.
        """
        label = _class_of(self.get_data_info(idx))
        return [] if label == UNLABELLED else [label]

    def known_ids(self) -> Collection[int]:
        """Ids that its lists may have."""
        if self.label_map is not None:
            return sorted(self.label_map)
        return range(len(self._metainfo.get('classes') or ()))


def _class_of(info: dict) -> int:
    return mapped(info['label'], info['label_map'])
