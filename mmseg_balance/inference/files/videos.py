"""Videos as frames, and frames as a video."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np

from ...datasets.loading.bad_files import UnreadableFileError
from ...errors import UserOSError, UserValueError

# of the codecs in the wheels of OpenCV the one that most players know
CODEC = 'mp4v'
DEFAULT_FPS = 25.0
# by how much the length of a video may differ from frames at a constant rate
MOST_DRIFT = 0.1


class Video:
    """Frames of a video file, one after the other.

    Args:
        path: The file.

    Attributes:
        fps (float): Frames a second; 0 where the file does not say.
        num_frames (int): How many there are, by the head of the file; 0
            where it does not say.
        stopped_at (int): How many there were, once :meth:`frames` is over.
        last_time (float): Second of the last of them; 0 where the file does
            not say.

    Raises:
        UnreadableFileError: The file cannot be opened, or has no frame.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        capture = self._open()
        self.fps = max(capture.get(cv2.CAP_PROP_FPS), 0.0)
        self.num_frames = max(int(capture.get(cv2.CAP_PROP_FRAME_COUNT)), 0)
        self.stopped_at = 0
        self.last_time = 0.0
        has_frame = capture.grab()
        capture.release()
        if not has_frame:
            raise UnreadableFileError(
                f'video {path} has no frame that OpenCV can decode: convert '
                'it, to H.264 in an MP4 for example'
            )

    def share(self, fps: float | None) -> float:
        """Share of the frames that a lower rate takes.

        Args:
            fps: Frames a second that are wanted; None: all.

        Returns:
            At most 1; 1 where the file does not say its rate.
        """
        if fps is None or not self.fps:
            return 1.0
        return min(fps / self.fps, 1.0)

    def is_chosen(self, index: int, fps: float | None) -> bool:
        """Whether a frame is one of those that a lower rate takes.

        Args:
            index: Number of the frame, from 0, which is always taken.
            fps: Frames a second that are wanted; None: all.
        """
        step = self.share(fps)
        return index == 0 or int(index * step) != int((index - 1) * step)

    def frames(
        self, is_wanted: Callable[[int], bool] = lambda index: True
    ) -> Iterator[tuple[int, np.ndarray]]:
        """Decode the frames.

        Args:
            is_wanted: Whether the frame of a number is wanted; others are
                not decoded.

        Yields:
            Number from 0, and image (H, W, 3), BGR in uint8, turned as the
            file says.
        """
        capture = self._open()
        index = 0
        try:
            while capture.grab():
                if is_wanted(index):
                    is_whole, frame = capture.retrieve()
                    if not is_whole:
                        break
                    yield index, frame
                self.last_time = capture.get(cv2.CAP_PROP_POS_MSEC) / 1000
                index += 1
        finally:
            self.stopped_at = index
            capture.release()

    @property
    def varies(self) -> bool:
        """Whether its frames are shown at no constant rate.

        Known once :meth:`frames` is over, where the file says when they are.
        """
        if not (self.fps and self.last_time) or self.stopped_at < 2:
            return False
        constant = (self.stopped_at - 1) / self.fps
        return abs(self.last_time - constant) > max(
            MOST_DRIFT * constant, 1 / self.fps
        )

    def _open(self) -> cv2.VideoCapture:
        capture = cv2.VideoCapture(str(self.path))
        if not capture.isOpened():
            raise UnreadableFileError(
                f'video {self.path} cannot be opened: it is missing, cut '
                'short, or of a format that OpenCV does not know'
            )
        return capture


class VideoFile:
    """Writes frames to an MP4, which is whole or not there.

    Args:
        path: The file; missing parent folders are made.
        fps: Frames a second; 0: 25.

    Attributes:
        is_whole (bool): Set by whoever writes it, once the last frame is on
            its way.
    """

    def __init__(self, path: Path, fps: float) -> None:
        self.path = path
        self.is_whole = False
        self._fps = fps or DEFAULT_FPS
        self._part = path.with_name(f'.{path.stem}.{os.getpid()}.tmp.mp4')
        self._writer: cv2.VideoWriter | None = None
        self._size: tuple[int, ...] = ()
        self._count = 0

    def write(self, frame: np.ndarray) -> None:
        """Append a frame (H, W, 3), RGB in uint8, all of one size.

        The codec has even numbers of rows and columns: the last ones are
        repeated where they are odd.

        Raises:
            OSError: OpenCV cannot write it.
            ValueError: It has another size than the frames before it.
        """
        height, width = frame.shape[:2]
        if self._writer is None:
            self._size = height, width
            self._writer = self._open(height + height % 2, width + width % 2)
        if self._size != (height, width):
            # which OpenCV would leave out
            raise UserValueError(
                f'{self.path}: frame {self._count} has {width} x {height} '
                f'pixels, those before it {self._size[1]} x {self._size[0]} '
                '(width x height): frames of a video are of one size; write '
                'pictures with --overlay instead of --overlay-video'
            )
        margin = (0, height % 2), (0, width % 2), (0, 0)
        self._writer.write(np.pad(frame[..., ::-1], margin, mode='edge'))
        self._count += 1

    def close(self) -> None:
        """End the file; one that is not whole is removed.

        Raises:
            OSError: The file lacks frames, as where the disk is full.
        """
        if self._writer is None:
            return
        self._writer.release()
        self._writer = None
        if not self.is_whole:
            self._part.unlink(missing_ok=True)
            return
        found = _num_frames(self._part)
        if found != self._count:
            self._part.unlink(missing_ok=True)
            raise UserOSError(
                f'{self.path}: {found} of {self._count} frames could be '
                'written; is there room on the disk? The same command with '
                '--resume goes on'
            )
        os.replace(self._part, self.path)

    def _open(self, height: int, width: int) -> cv2.VideoWriter:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        writer = cv2.VideoWriter(
            str(self._part),
            cv2.VideoWriter_fourcc(*CODEC),
            self._fps,
            (width, height),
        )
        if not writer.isOpened():
            self._part.unlink(missing_ok=True)
            raise UserOSError(
                f'{self.path}: OpenCV cannot write {CODEC} of {width} x '
                f'{height} pixels at {self._fps:g} frames a second: write '
                'pictures with --overlay instead of --overlay-video'
            )
        return writer


def _num_frames(path: Path) -> int:
    """Frames of a file that was written here; 0 of none."""
    capture = cv2.VideoCapture(str(path))
    count = capture.get(cv2.CAP_PROP_FRAME_COUNT)
    capture.release()
    return max(int(count), 0)
