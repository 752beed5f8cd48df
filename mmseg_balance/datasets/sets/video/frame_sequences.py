"""Data sets that know the frame before each image."""

import logging
import os.path as osp
from collections.abc import Sequence

from mmengine.logging import print_log
from mmseg.datasets import BaseSegDataset
from mmseg.registry import DATASETS

from ....errors import UserValueError
from ...files.folders import is_local
from ...files.image_suffixes import ImageSuffixes
from .earlier_frames import EarlierFrames
from .flow_files import find_flow, flow_files
from .frames import Frame, frame_of


class FrameSequences:
    """Tells of each image its sequence, and the frame before it.

    To be put in front of a data set with :class:`ImageSuffixes`. Entries of
    its list gain ``sequence`` and ``frame`` (a number), ``prev_img_path``,
    ``prev_seg_map_path``, ``flow_path`` and ``reverse_flow_path``, which are
    None where there is none. The last digits of a name are the number of the
    frame, what is before them its sequence.

    The frames before are looked for in ``data_prefix.prev_img_path``, by
    default where the images are; flow, on the grid of an image and pointing
    to the frame before it, in ``data_prefix.flow_path`` under the name of
    the image, and beside it that back, see :mod:`.flow_files`. The first
    images of a sequence have no frame before them, and are left out, but
    for an evaluation, whose data set has ``test_mode=True``.

    Args:
        previous: How much smaller the number of the frame before is; None,
            for methods on single images, looks for none.
        flow_suffix: What the names of files of flow end with.
        **kwargs: Of the data set.

    Raises:
        ValueError: A sequence has one frame or a gap, or an image has no
            file of flow.
    """

    # what images have to be, for messages
    WANTED = 'expected frames of sequences'

    def __init__(
        self,
        *args,
        previous: int | None = None,
        flow_suffix: str = '.png',
        **kwargs,
    ) -> None:
        is_step = isinstance(previous, int) and not isinstance(previous, bool)
        if previous is not None and not (is_step and previous > 0):
            raise UserValueError(
                f'{type(self).__name__}: previous is {previous!r}, expected '
                'the difference of two numbers of frames, at least 1, or None'
            )
        self.previous = previous
        self.flow_suffix = flow_suffix
        super().__init__(*args, **kwargs)

    def is_listed(self, frame: Frame) -> bool:
        """Whether a frame is one of the images; all are, unless overridden.

        Args:
            frame: A frame that no list (``ann_file``) names.
        """
        return True

    def begins(self, frame: Frame) -> bool:
        """Whether nothing is looked for before a frame; unless overridden no.

        Args:
            frame: A frame that is one of the images.
        """
        return False

    def load_data_list(self) -> list[dict]:
        """List the images, each with its sequence and the frame before.

        Returns:
            An entry for each image.
        """
        infos = super().load_data_list()
        frames = [self.frame(info) for info in infos]
        pairs = list(zip(infos, frames, strict=True))
        listed = bool(self.ann_file) and not osp.isdir(self.ann_file)
        if not listed:
            pairs = [pair for pair in pairs if self.is_listed(pair[1])]
        if infos and not pairs:
            raise UserValueError(
                f'{self.data_prefix["img_path"]}: none of {len(infos)} '
                f'frames is an image of {type(self).__name__}, '
                f'{infos[0]["img_path"]} for one: {self.WANTED}'
            )
        for info, frame in pairs:
            info |= dict(
                sequence=frame.sequence,
                frame=frame.number,
                prev_img_path=None,
                prev_seg_map_path=None,
                flow_path=None,
                reverse_flow_path=None,
            )
        return self._with_previous(pairs)

    def frame(self, info: dict) -> Frame:
        """The frame that an image is.

        Args:
            info: Entry of the image.
        """
        folder = self.data_prefix.get('img_path') or ''
        name = osp.relpath(info['img_path'], folder or '.')
        return frame_of(self._without_suffix(name), info['img_path'])

    def _with_previous(self, pairs: list[tuple[dict, Frame]]) -> list[dict]:
        """Look for the frames before, and for flow."""
        if self.previous is None or not is_local(self):
            return [info for info, _ in pairs]
        images = self.data_prefix.get('img_path') or ''
        folder = self.data_prefix.get('prev_img_path') or images
        earlier = EarlierFrames(folder, self._suffixes, self.previous)
        first = []
        for info, frame in pairs:
            if not self.begins(frame):
                info['prev_img_path'] = earlier.find(frame, info['img_path'])
            if info['prev_img_path'] is None:
                first.append(info)
                continue
            info['prev_seg_map_path'] = self._label_before(info, frame)
            if self.data_prefix.get('flow_path'):
                info |= flow_files(
                    frame, self.data_prefix['flow_path'], self.flow_suffix
                )
        earlier.refuse_faults()
        find_flow([info for info, _ in pairs])
        if not first or self.test_mode:
            return [info for info, _ in pairs]
        if len(first) == len(pairs):
            raise UserValueError(
                f'{images}: all {len(pairs)} images are the first of their '
                f'sequences, {first[0]["img_path"]} for one, without a frame '
                f'whose number is {self.previous} less: choose a smaller '
                'previous, or name the folder of all frames in '
                'data_prefix.prev_img_path'
            )
        print_log(
            f'{images}: {len(first)} of {len(pairs)} images are the first of '
            'their sequences, without a frame before them, and left out '
            '(test_mode=True, for an evaluation, keeps them)',
            'current',
            logging.INFO,
        )
        return [i for i, _ in pairs if i['prev_img_path'] is not None]

    def _label_before(self, info: dict, frame: Frame) -> str | None:
        """The label of the frame before, where labels are named alike."""
        if info.get('seg_map_path') is None:
            return None
        folder = self.data_prefix.get('seg_map_path') or '.'
        name = osp.relpath(info['seg_map_path'], folder)
        own = frame.moved(0)
        if not name.startswith(own):
            return None
        before = frame.moved(-self.previous) + name.removeprefix(own)
        return osp.join(folder, before)

    @property
    def _suffixes(self) -> Sequence[str]:
        one = isinstance(self.img_suffix, str)
        return (self.img_suffix,) if one else self.img_suffix

    def _without_suffix(self, name: str) -> str:
        for suffix in sorted(self._suffixes, key=len, reverse=True):
            if name.endswith(suffix):
                return name.removesuffix(suffix)
        return osp.splitext(name)[0]


@DATASETS.register_module()
class FrameFolderDataset(FrameSequences, ImageSuffixes, BaseSegDataset):
    """A folder of frames, each sequence in a folder or under a name.

    Args:
        img_suffix: What the names of images end with: one suffix or several.
        previous: See :class:`FrameSequences`.
        **kwargs: See there, and ``mmseg.datasets.BaseSegDataset``.

    Example:
        >>> # CamVid's clip at 15 Hz: 0016E5_07959.png, 0016E5_07961.png, ...
        >>> dict(type='FrameFolderDataset', data_root='data/clip', previous=2,
        ...      img_suffix='.png', data_prefix=dict(img_path='images'),
        ...      metainfo=dict(classes=('sky', 'building')))
    """
