"""VIPER (Richter et al., Playing for Benchmarks, ICCV 2017)."""

from collections.abc import Sequence

from mmseg.registry import DATASETS

from ....errors import UserValueError
from .frame_sequences import FrameSequences
from .frames import Frame
from .shared_classes import SharedClasses


@DATASETS.register_module()
class VIPERDataset(FrameSequences, SharedClasses):
    """Sequences of a computer game, in the 15 classes shared with Cityscapes.

    Images lie in ``train/img/001/001_00010.jpg``; labels in
    ``train/cls/001/001_00010_labelTrainIds.png`` are written by
    ``mmseg-balance data viper``. All frames are labelled; as in public code
    (DA-VSN, UVDA) those whose number ends in 0 are the images, 13,367 of 77
    sequences in the train split.

    Args:
        every: The numbers of images are multiples of it.
        img_suffix: What the names of images end with: one suffix or several.
        seg_map_suffix: What takes its place in the names of labels.
        **kwargs: See :class:`FrameSequences` and :class:`SharedClasses`.

    Example:
        >>> dict(type='VIPERDataset', data_root='data/viper',
        ...      data_prefix=dict(img_path='train/img',
        ...                       seg_map_path='train/cls'))
    """

    PREPARATION = (
        'Download images and classes of VIPER from '
        'https://playing-for-benchmarks.org, unpack them in {data_root}, '
        'then: mmseg-balance data viper {data_root}'
    )

    def __init__(
        self,
        every: int = 10,
        img_suffix: str | Sequence[str] = '.jpg',
        seg_map_suffix: str = '_labelTrainIds.png',
        **kwargs,
    ) -> None:
        if not isinstance(every, int) or every < 1:
            raise UserValueError(
                f'VIPERDataset: every is {every!r}, expected an integer of at '
                'least 1'
            )
        self.every = every
        self.WANTED = f'expected numbers that are multiples of every={every}'
        super().__init__(
            img_suffix=img_suffix, seg_map_suffix=seg_map_suffix, **kwargs
        )

    def is_listed(self, frame: Frame) -> bool:
        """Whether the number of a frame is a multiple of ``every``."""
        return frame.number % self.every == 0
