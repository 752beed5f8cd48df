"""Single frames of a video clip."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from ....errors import UserOSError, UserValueError

TURNS = {
    'none': None,
    'left': cv2.ROTATE_90_COUNTERCLOCKWISE,
    'right': cv2.ROTATE_90_CLOCKWISE,
}
LIKENESS = 0.5
"""Correlation below which two pictures are not of one scene."""


def read_frames(
    path: Path, numbers: Sequence[int], turn: str = 'none'
) -> list[np.ndarray]:
    """Decode some frames of a clip.

    All frames before them are gone through, since clips cannot be entered
    at any frame.

    Args:
        path: The clip.
        numbers: Numbers of the frames, from 0, ascending.
        turn: A quarter turn of each frame, a key of ``TURNS``.

    Returns:
        The frames, BGR in uint8, (H, W, 3).

    Raises:
        OSError: The clip cannot be opened, or ends before the last of them.
        ValueError: Its frames are higher than wide.
    """
    capture = cv2.VideoCapture(str(path))
    try:
        if not capture.isOpened():
            raise UserOSError(
                f'{path}: the clip cannot be opened: it is cut short, or of a '
                'format that OpenCV does not know'
            )
        frames = _decoded(capture, numbers, path)
    finally:
        capture.release()
    if TURNS[turn] is not None:
        frames = [cv2.rotate(frame, TURNS[turn]) for frame in frames]
    height, width = frames[0].shape[:2]
    if height > width:
        raise UserValueError(
            f'{path}: frames of {width} x {height} pixels, expected them to '
            'be wider than high: this build of OpenCV does not turn them as '
            'the file says; name the quarter turn that rights them with '
            '--turn left or right'
        )
    return frames


def look_alike(first: np.ndarray, second: np.ndarray) -> bool:
    """Whether two pictures, made small, are of one scene.

    Args:
        first, second: BGR, uint8, (H, W, 3) each.
    """
    small = [
        cv2.resize(
            cv2.cvtColor(image, cv2.COLOR_BGR2GRAY),
            (32, 18),
            interpolation=cv2.INTER_AREA,
        ).astype(np.float64)
        for image in (first, second)
    ]
    centred = [image - image.mean() for image in small]
    scale = np.sqrt(np.prod([(image**2).sum() for image in centred]))
    return bool((centred[0] * centred[1]).sum() >= LIKENESS * scale)


def _decoded(
    capture: cv2.VideoCapture, numbers: Sequence[int], path: Path
) -> list[np.ndarray]:
    frames, wanted = [], set(numbers)
    for number in range(max(numbers) + 1):
        if not capture.grab():
            raise UserOSError(
                f'{path}: the clip ends after {number} frames that can be '
                f'decoded, expected more than {max(numbers)}: it is cut '
                'short, or not a clip of BDD100K'
            )
        if number in wanted:
            is_whole, frame = capture.retrieve()
            if not is_whole:
                raise UserOSError(
                    f'{path}: frame {number} cannot be decoded: the clip is '
                    'damaged, or of a format that OpenCV does not know'
                )
            frames.append(frame)
    return frames
