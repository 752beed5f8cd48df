"""Videos as frames, and frames as a video."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np

from ...datasets.loading.bad_files import UnreadableFileError
from ...errors import UserOSError

# of the codecs in the wheels of OpenCV the one that most players know
CODEC = 'mp4v'
DEFAULT_FPS = 25.0


class Video:
    """Frames of a video file, one after the other.

    Args:
        path: The file.

    Attributes:
        fps (float): Frames a second; 0 where the file does not say.
        num_frames (int): How many there are, by the head of the file; 0
            where it does not say.
        stopped_at (int): How many there were, once :meth:`frames` is over.

    Raises:
        UnreadableFileError: The file cannot be opened, or has no frame.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        capture = self._open()
        self.fps = max(capture.get(cv2.CAP_PROP_FPS), 0.0)
        self.num_frames = max(int(capture.get(cv2.CAP_PROP_FRAME_COUNT)), 0)
        self.stopped_at = 0
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
                index += 1
        finally:
            self.stopped_at = index
            capture.release()

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

    def write(self, frame: np.ndarray) -> None:
        """Append a frame (H, W, 3), RGB in uint8, all of one size.

        Raises:
            OSError: OpenCV cannot write it.
        """
        if self._writer is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._writer = cv2.VideoWriter(
                str(self._part),
                cv2.VideoWriter_fourcc(*CODEC),
                self._fps,
                (frame.shape[1], frame.shape[0]),
            )
            if not self._writer.isOpened():
                raise UserOSError(
                    f'{self.path}: OpenCV cannot write {CODEC}: write '
                    'pictures with --overlay instead of --overlay-video'
                )
        self._writer.write(frame[..., ::-1])

    def close(self) -> None:
        """End the file; one that is not whole is removed."""
        if self._writer is None:
            return
        self._writer.release()
        if self.is_whole:
            os.replace(self._part, self.path)
        else:
            self._part.unlink(missing_ok=True)
