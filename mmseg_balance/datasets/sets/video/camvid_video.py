"""CamVid's one clip of dense frames (Brostow et al., 2009)."""

from collections.abc import Sequence

from mmseg.registry import DATASETS

from ....errors import UserValueError
from ..camvid import CamVidDataset
from .frame_sequences import FrameSequences
from .frames import Frame


@DATASETS.register_module()
class CamVidVideoDataset(FrameSequences, CamVidDataset):
    """Frames of some of CamVid's recordings, or a part of one.

    Of its 701 labelled images all but one part are a second apart: frames
    7959 to 8159 of 0016E5 lie there with every second number, 101 images. For
    the rest see :class:`CamVidDataset`.

    Args:
        recordings: Names of recordings, as '0016E5'. None: all that there
            are.
        numbers: The first and the last number of the frames. Where pairs are
            formed, a frame whose earlier one is before the first is one of
            those that begin a sequence. None: all frames.
        **kwargs: See :class:`FrameSequences` and :class:`CamVidDataset`.

    Raises:
        ValueError: ``numbers`` are no two numbers.

    Example:
        >>> dict(type='CamVidVideoDataset', data_root='data/camvid/day',
        ...      recordings=('0016E5',), numbers=(7959, 8159), previous=2,
        ...      data_prefix=dict(img_path='images/train'))
    """

    def __init__(
        self,
        recordings: Sequence[str] | None = None,
        numbers: tuple[int, int] | None = None,
        **kwargs,
    ) -> None:
        if numbers is not None and (
            len(numbers) != 2 or numbers[0] > numbers[1]
        ):
            raise UserValueError(
                'CamVidVideoDataset.numbers: expected the first and the last '
                f'number of a frame, found {numbers}'
            )
        self.recordings, self.numbers = recordings, numbers
        self.WANTED = (
            f'expected frames of recordings={recordings}, numbers={numbers}'
        )
        super().__init__(**kwargs)

    def is_listed(self, frame: Frame) -> bool:
        """Whether a frame is of these recordings and numbers."""
        if self.recordings is not None:
            if frame.before.partition('_')[0] not in self.recordings:
                return False
        if self.numbers is None:
            return True
        first, last = self.numbers
        return first <= frame.number <= last

    def begins(self, frame: Frame) -> bool:
        """Whether what is before a frame is none of these numbers."""
        if self.numbers is None or self.previous is None:
            return False
        return frame.number - self.previous < self.numbers[0]
