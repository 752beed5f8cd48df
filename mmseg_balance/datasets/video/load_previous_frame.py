"""Reads the frame before an image."""

from collections.abc import Callable
from typing import Any

from mmcv.transforms import BaseTransform
from mmengine.dataset import BaseDataset
from mmseg.datasets.transforms import LoadAnnotations
from mmseg.registry import TRANSFORMS

from ...errors import UserValueError
from ..loading.bad_files import UnreadableFileError
from .fields import (
    PACKED_BY,
    PREV_IMAGE,
    PREV_LABEL,
    PREV_LABEL_PATH,
    PREV_PATH,
    WrongPairError,
    add_field,
)
from .joint_geometry import check_geometry
from .repeat_frame import repeat_image

HELP = (
    'set previous=1 of its data set, which has to be one of videos '
    '(FrameFolderDataset for one)'
)


@TRANSFORMS.register_module()
class LoadPreviousFrame(BaseTransform):
    """Reads the frame before an image, as ``LoadImageFromFile`` does.

    To be put behind the loading of image and labels. The data set says which
    frame it is: one of videos, such as ``FrameFolderDataset``, whose
    ``previous`` is set.

    Adds ``prev_img``, (H, W, 3) of the dtype of the image, and its name to
    ``seg_fields``; with labels ``prev_gt_seg_map`` as well.

    Args:
        with_labels: Read the label of that frame, too: the file of its name
            in the folder of labels.
        repeat_first: Let first images of sequences, which have no frame
            before them and which an evaluation has, too, be that themselves,
            with a flow of 0. Default: they are refused.
        **kwargs: Of ``LoadImageFromFile``, the same as for the image.

    Raises:
        OSError: When a frame is read: it is missing or cannot be decoded;
            names it.
        ValueError: It has another size than the image, or the data set does
            not say which frame it is.

    Example:
        >>> dict(type='LoadPreviousFrame')
    """

    packed_by = PACKED_BY

    def __init__(
        self,
        with_labels: bool = False,
        repeat_first: bool = False,
        **kwargs: Any,
    ) -> None:
        self.with_labels = with_labels
        self.repeat_first = repeat_first
        self.load_image = TRANSFORMS.build(
            dict(type='LoadImageFromFile', **kwargs)
        )
        self.load_label = LoadAnnotations() if with_labels else None

    def check_dataset(self, dataset: BaseDataset, key: str) -> None:
        """Refuse a data set without earlier frames, or with other transforms.

        Args:
            dataset: Whose pipeline this is in; its files are listed.
            key: Its key.

        Raises:
            ValueError: It lists no earlier frames or no labels of them, or
                not those of the look of its images, or a transform of the
                pipeline would move the image alone.
        """
        check_geometry(dataset.pipeline.transforms, key)
        info = dataset.get_data_info(0) if len(dataset) else None
        if info is None:
            return
        has_frames = info.get(PREV_PATH) is not None or (
            self.repeat_first and getattr(dataset, 'previous', None)
        )
        if not has_frames:
            raise UserValueError(
                f'{key}.pipeline has LoadPreviousFrame, and its '
                f'{type(dataset).__name__} names no frames before the '
                f'images: {HELP}'
            )
        if self.with_labels and _lacks_labels(info):
            raise UserValueError(
                f'{key}.pipeline has LoadPreviousFrame with_labels=True, and '
                f'its {type(dataset).__name__} names no labels: set '
                f'{key}.data_prefix.seg_map_path, or with_labels=False'
            )
        if getattr(dataset, 'translated_root', None):
            if not dataset.data_prefix.get('prev_img_path'):
                raise UserValueError(
                    f'{key} has translated_root, and the frames before its '
                    'images would not be translated: name the folder of '
                    'translated ones in data_prefix.prev_img_path'
                )

    def transform(self, results: dict) -> dict:
        """Read the frame.

        Args:
            results: With ``img`` and ``prev_img_path``.

        Returns:
            Them, with ``prev_img``.
        """
        path = results.get(PREV_PATH)
        if path is None and self.repeat_first:
            repeat_image(results, self.with_labels)
            return results
        if path is None:
            raise WrongPairError(
                f'image {results.get("img_path")}: it has no frame before '
                f'it ({PREV_PATH}): {HELP}; or, of the first images of '
                'sequences in an evaluation, repeat_first=True of '
                'LoadPreviousFrame'
            )
        image = self._read(self.load_image, 'img', img_path=path)
        add_field(results, PREV_IMAGE, image)
        if self.load_label is not None:
            label = self._read(
                self.load_label,
                'gt_seg_map',
                seg_map_path=results.get(PREV_LABEL_PATH),
                label_map=results.get('label_map'),
                reduce_zero_label=results.get('reduce_zero_label', False),
                seg_fields=[],
            )
            add_field(results, PREV_LABEL, label)
        return results

    def _read(self, load: Callable, name: str, **info: Any) -> Any:
        path = info.get('seg_map_path', info.get('img_path'))
        try:
            return load(info)[name]
        except Exception as error:
            reason = ' '.join(str(error).split())
            raise UnreadableFileError(
                f'previous frame {path} cannot be read or decoded '
                f'({type(error).__name__}: {reason}): replace the file, or '
                'take the frame behind it out of the data set'
            ) from error

    def __repr__(self) -> str:
        return (
            f'{type(self).__name__}(with_labels={self.with_labels}, '
            f'repeat_first={self.repeat_first})'
        )


def _lacks_labels(info: dict) -> bool:
    """Whether an image with a frame before it has none of its label."""
    if info.get(PREV_PATH) is None:
        return info.get('seg_map_path') is None
    return info.get(PREV_LABEL_PATH) is None
