"""Images whose labels are segments, in COCO's panoptic format."""

import logging
import os.path as osp
from collections.abc import Sequence

import numpy as np
from mmengine.logging import print_log
from mmseg.datasets import BaseSegDataset
from mmseg.datasets.transforms import LoadAnnotations
from mmseg.registry import DATASETS

from ...errors import UserFileNotFoundError, UserValueError
from ..files.image_suffixes import ImageSuffixes
from ..loading.preparation import preparation
from ..loading.transform_kinds import is_label_loader
from .annotation_file import Annotation, PanopticFile
from .categories import THING_CLASSES, Categories, thing_labels
from .file_places import FilePlaces, image_names
from .load_panoptic_annotations import (
    IGNORED,
    SEGMENTS,
    LoadPanopticAnnotations,
)
from .panoptic_targets import THINGS


@DATASETS.register_module()
class PanopticDataset(ImageSuffixes, BaseSegDataset):
    """Images, PNG files of segments, and a JSON file that lists them.

    For all that asks for classes, it is a data set as any other: pipelines
    with ``LoadPanopticAnnotations`` make ``gt_seg_map`` of the segments.
    Without ``ann_file`` it is all images of its folder: a target, with no
    labels or, as pseudo-labels are, with labels of classes alone.

    Images and PNG files may lie in sub-folders that the JSON file does not
    name. An image is found by its ``file_name`` in the JSON file, or else by
    its ``image_id`` and ``img_suffix``.

    Args:
        ann_file: The JSON file. Its categories are found by their names
            among the classes; ``label_classes`` of a source or target says
            which class the id of a category is where names differ. Without
            ``categories`` in it, ``category_id`` is the label.
        data_prefix: ``img_path``, the folder of images, and
            ``seg_map_path``, that of PNG files.
        metainfo: ``classes``, and ``thing_classes``, the names of those
            whose segments are told apart.
        img_suffix: What the names of images end with: one suffix or several.
        seg_map_suffix: What the names of the PNG files end with.
        **kwargs: See ``mmseg.datasets.BaseSegDataset``.

    Raises:
        FileNotFoundError, ValueError: When files are listed: the JSON file
            is missing, or not right; or a pipeline loads labels with another
            transform, or ``thing_classes`` are none of the classes.

    Example:
        >>> dict(type='PanopticDataset', data_root='data/coco',
        ...      ann_file='annotations/panoptic_val2017.json',
        ...      data_prefix=dict(
        ...          img_path='val2017',
        ...          seg_map_path='annotations/panoptic_val2017'),
        ...      metainfo=dict(classes=('person', 'road'),
        ...                    thing_classes=('person',)))
    """

    # its ann_file is no list of names
    LISTS_SEGMENTS = True

    def __init__(
        self,
        img_suffix: str | Sequence[str] = '.jpg',
        seg_map_suffix: str = '.png',
        **kwargs,
    ) -> None:
        super().__init__(
            img_suffix=img_suffix, seg_map_suffix=seg_map_suffix, **kwargs
        )
        if self.reduce_zero_label:
            raise UserValueError(
                f'{type(self).__name__}.reduce_zero_label is True, and labels '
                'of segments are no values of pixels: leave it away'
            )

    @property
    def things(self) -> tuple[int, ...]:
        """Labels of the thing classes, in ascending order."""
        return thing_labels(
            self._metainfo.get('classes') or (),
            self._metainfo.get(THING_CLASSES),
            type(self).__name__,
        )

    @classmethod
    def _load_metainfo(cls, metainfo: dict | None = None) -> dict:
        """Meta information; a part of the classes has a part of the things."""
        found = super()._load_metainfo(metainfo)
        if THING_CLASSES in cls.METAINFO and THING_CLASSES not in (
            metainfo or {}
        ):
            classes = found.get('classes') or ()
            things = cls.METAINFO[THING_CLASSES]
            found[THING_CLASSES] = tuple(t for t in things if t in classes)
        return found

    @property
    def _left_out(self) -> list[str]:
        classes = self._metainfo.get('classes') or ()
        return [
            c for c in self.METAINFO.get('classes', ()) if c not in classes
        ]

    def load_data_list(self) -> list[dict]:
        """List the images, and the segments of each.

        Returns:
            An entry for each annotation, in the order of the JSON file;
            without it an entry for each image, by path.
        """
        loads = self._loads_segments()
        if not self.ann_file and not loads:
            return super().load_data_list()
        folder = self.data_prefix.get('seg_map_path')
        if not self.ann_file or (loads and folder is None):
            raise UserValueError(
                f'{type(self).__name__}: its pipeline loads labels, expected '
                'ann_file, the JSON file of the segments, and '
                'data_prefix.seg_map_path, the folder of their PNG files; '
                f'found ann_file={self.ann_file!r} and {folder!r}'
            )
        file = self._file()
        if loads and not file.lists_labels:
            raise UserValueError(
                f'{self.ann_file} (ann_file) has no annotations, and the '
                'pipeline loads labels'
            )
        images = self._places('img_path', self.img_suffix)
        labels, categories, things = None, None, ()
        # of a target not even the list of its segments is looked at
        if loads or not self.pipeline.transforms:
            labels = self._places('seg_map_path', '.png')
            categories, things = self._categories(file), self.things
            self._say_left_out(file)
        annotations = file.read(categories)
        return [self._info(a, images, labels, things) for a in annotations]

    def class_pixels(self) -> np.ndarray | None:
        """Pixels of each class in each sample, as the JSON file has them.

        Returns:
            int64 (N, C), without crowds; None where an area is not listed.
        """
        num_classes = len(self.metainfo['classes'])
        counts = np.zeros((len(self), num_classes), dtype=np.int64)
        for i in range(len(self)):
            segments = self.get_data_info(i).get(SEGMENTS)
            if segments is None or any('area' not in s for s in segments):
                return None
            for segment in segments:
                if not segment['iscrowd']:
                    counts[i, segment['label']] += segment['area']
        return counts

    def _file(self) -> PanopticFile:
        try:
            return PanopticFile(self.ann_file, self.backend_args)
        except FileNotFoundError as error:
            raise UserFileNotFoundError(
                f'{type(self).__name__}: {error}{preparation(self)}'
            ) from error

    def _loads_segments(self) -> bool:
        loaders = [t for t in self.pipeline.transforms if is_label_loader(t)]
        of_classes = [
            isinstance(t, LoadAnnotations)
            and not isinstance(t, LoadPanopticAnnotations)
            for t in loaders
        ]
        if not self.ann_file and all(of_classes):
            return False
        for transform, is_of_classes in zip(loaders, of_classes, strict=True):
            if is_of_classes:
                raise UserValueError(
                    f'{type(self).__name__}: its pipeline has '
                    f'{type(transform).__name__}, which takes colours of '
                    "segments for classes: put dict(type='"
                    "LoadPanopticAnnotations') in its place"
                )
        return bool(loaders)

    def _say_left_out(self, file: PanopticFile) -> None:
        left_out = file.unlabelled if file.lists_labels else ()
        if left_out:
            print_log(
                f'{file.path} (ann_file) has {len(left_out)} images without '
                f'an annotation, which are left out ({left_out[0]} for one)',
                'current',
                logging.WARNING,
            )

    def _places(self, prefix: str, suffix: str | tuple) -> FilePlaces:
        folder = self.data_prefix.get(prefix) or ''
        return FilePlaces(folder, suffix, self.backend_args)

    def _categories(self, file: PanopticFile) -> Categories:
        by_id = file.categories is None or hasattr(self, 'label_classes')
        return Categories(
            file.categories,
            file.path,
            self._metainfo.get('classes') or (),
            self.things,
            labels=self.label_map if by_id else None,
            left_out=self._left_out,
        )

    def _info(
        self,
        annotation: Annotation,
        images: FilePlaces,
        labels: FilePlaces | None,
        things: tuple[int, ...],
    ) -> dict:
        names = image_names(annotation, self.img_suffix, self.seg_map_suffix)
        info = dict(
            img_path=images.find(names) or osp.join(images.folder, names[0]),
            label_map=None,
            reduce_zero_label=False,
            seg_fields=[],
        )
        if labels is None or annotation.segments is None:
            return info
        label = labels.find([annotation.label])
        return info | {
            'seg_map_path': label or osp.join(labels.folder, annotation.label),
            SEGMENTS: annotation.segments,
            IGNORED: annotation.ignored,
            THINGS: things,
        }
