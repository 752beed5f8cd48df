"""What a step has of the frames before its images."""

from typing import TYPE_CHECKING

from mmseg.utils import SampleList
from torch import Tensor

from ...errors import UserValueError
from ..declarations import takes_frames
from ..frames.pairs import FramePair, frame_pair, image_channels
from ..recording import TARGET

if TYPE_CHECKING:
    from .segmentor import UDASegmentor


def images_and_frames(
    model: 'UDASegmentor', images: Tensor, samples: SampleList, branch: str
) -> tuple[Tensor, FramePair | None]:
    """The images of a branch as the student takes them, and earlier frames.

    Args:
        model: Its student says whether it takes frames, its objectives
            whether they read them; pseudo-labels are refined by those of
            the target.
        images: Of its data preprocessor, with stacked frames or without.
        samples: Of the images.
        branch: 'source' or 'target'.

    Returns:
        Images (N, 3, H, W), or with the frames, (N, 9, H, W), for a student
        that takes them; and the pair, None where no objective reads it.

    Raises:
        ValueError: Frames are needed, and the batch has none; says by whom,
            and what adds them.
    """
    need = f'needs_{branch}_frames'
    readers = [
        type(o).__name__ for o in model.objectives if getattr(o, need, False)
    ]
    if branch == TARGET and model.refinement is not None:
        readers.append('pseudo_refinement')
    takes = takes_frames(model.student)
    pair = frame_pair(images, samples)
    if pair is None and (readers or takes):
        who = readers[0] if readers else type(model.student).__name__
        raise UserValueError(
            f'{who} learns from pairs of frames, and the {branch} images come '
            "without: set data_preprocessor.type='FrameDataPreProcessor' of "
            f'the segmentor, and put LoadPreviousFrame, LoadOpticalFlow and '
            f'PackFrameInputs into train_dataloader.dataset.{branch}.pipeline '
            '(RepeatFrame in the place of the first two for images that are '
            'none of a video; docs/frame_pairs.md)'
        )
    kept = images if takes else image_channels(images)
    return kept, pair if readers else None
