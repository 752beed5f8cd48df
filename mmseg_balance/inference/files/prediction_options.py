"""What a run of predictions writes, and what came of it."""

import math
from dataclasses import dataclass, field
from pathlib import Path

from ...datasets.loading.bad_files import POLICIES
from ...errors import UserValueError

SORTS = ('copy', 'link')


@dataclass
class RunOptions:
    """What is written, and how.

    Attributes:
        ids: Values of label files: 'dataset', 'class' or 'cityscapes'.
        overlay: Whether the classes are painted on the images.
        overlay_video: Whether those of a video become a video.
        image_fps: Frames a second of the videos that the images of each
            folder become then; None: they become none.
        opacity: Of the colours.
        confidence_bits: 8 or 16 of a pixel of confidence pictures; None:
            there are none.
        shares: JSON file of class shares; None: none.
        fps: Frames a second that are taken of a video; None: all.
        resume: Whether images whose files are there are left as they are.
        on_bad_image: 'stop', or 'skip' to go on behind a file that cannot
            be read.
        progress: Whether a bar is shown.
        json: Of a classifier, whether its table is a JSON file, too.
        sorted: Of a classifier, 'copy' or 'link' of the images into a folder
            for each class; None: there are none.
    """

    ids: str = 'dataset'
    overlay: bool = False
    overlay_video: bool = False
    image_fps: float | None = None
    opacity: float = 0.5
    confidence_bits: int | None = None
    shares: Path | None = None
    fps: float | None = None
    resume: bool = False
    on_bad_image: str = 'stop'
    progress: bool = True
    json: bool = False
    sorted: str | None = None

    def __post_init__(self) -> None:
        """Refuse values out of range."""
        if not 0 <= self.opacity <= 1:
            raise UserValueError(
                f'Expected --opacity to be in [0, 1], but got {self.opacity}'
            )
        if self.fps is not None and not self.fps > 0:
            raise UserValueError(
                f'Expected --fps to be above 0, but got {self.fps}'
            )
        # OpenCV looks for a fraction, and of no number without an end
        if self.image_fps is not None and not 0 < self.image_fps < math.inf:
            raise UserValueError(
                'Expected --image-fps to be above 0 and finite, but got '
                f'{self.image_fps}'
            )
        if self.image_fps is not None and not self.overlay_video:
            raise UserValueError(
                '--image-fps is of the videos that images become: add '
                '--overlay-video, or leave it away'
            )
        if self.confidence_bits not in (None, 8, 16):
            raise UserValueError(
                'Expected --confidence-bits to be 8 or 16, but got '
                f'{self.confidence_bits}'
            )
        if self.sorted not in (None, *SORTS):
            raise UserValueError(
                f'Expected --sorted to be one of {SORTS}, but got '
                f'{self.sorted!r}'
            )
        if self.on_bad_image not in POLICIES:
            raise UserValueError(
                f'Expected --on-bad-image to be one of {POLICIES}, but got '
                f'{self.on_bad_image!r}'
            )


@dataclass
class Summary:
    """What came of a run.

    Attributes:
        predicted: Number of images and frames.
        kept: Number of those that were there already.
        bad: Messages on files that could not be read.
        notes: Lines on what may be wrong.
        was_stopped: Whether a signal ended it before its time.
    """

    predicted: int = 0
    kept: int = 0
    bad: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    was_stopped: bool = False
