"""Flow between two frames by Dense Inverse Search (Kroeger et al., 2016).

OpenCV has it, without weights to fetch: the same frames give the same flow.
"""

import cv2
import numpy as np

from ..errors import UserValueError

PRESETS = {
    'ultrafast': cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST,
    'fast': cv2.DISOPTICAL_FLOW_PRESET_FAST,
    'medium': cv2.DISOPTICAL_FLOW_PRESET_MEDIUM,
}
# of patches of 8 pixels on a pyramid
SMALLEST = 16


def check_preset(preset: str, key: str) -> None:
    """Refuse an unknown preset.

    Args:
        preset: Its name.
        key: What it was given as, for the message.

    Raises:
        ValueError: It is none of OpenCV's.
    """
    if preset not in PRESETS:
        raise UserValueError(
            f'{key}: expected one of {", ".join(PRESETS)}, found {preset!r}'
        )


def dis_flow(
    frame: np.ndarray, other: np.ndarray, preset: str = 'medium'
) -> np.ndarray:
    """Flow on the grid of one frame, pointing to the other.

    Args:
        frame: BGR (H, W, 3) or grey (H, W), uint8.
        other: Of the same size.
        preset: 'ultrafast', 'fast' or 'medium', the best.

    Returns:
        float32 (H, W, 2), (u, v) in pixels.

    Raises:
        ValueError: The sizes differ, or the frames are too small or no uint8.
    """
    check_preset(preset, 'preset')
    if frame.shape[:2] != other.shape[:2]:
        raise UserValueError(
            f'the frames have {_size(frame)} and {_size(other)} pixels (width '
            'x height); those of a pair must be of one size'
        )
    kinds = sorted({str(frame.dtype), str(other.dtype)})
    if kinds != ['uint8']:
        raise UserValueError(
            f'the frames are {" and ".join(kinds)}, and DIS takes uint8: load '
            'them without to_float32'
        )
    if min(frame.shape[:2]) < SMALLEST:
        raise UserValueError(
            f'the frames have {_size(frame)} pixels (width x height), and DIS '
            f'needs {SMALLEST} x {SMALLEST}'
        )
    search = cv2.DISOpticalFlow_create(PRESETS[preset])
    return search.calc(_grey(frame), _grey(other), None)


def _grey(frame: np.ndarray) -> np.ndarray:
    if frame.ndim == 2:
        return np.ascontiguousarray(frame)
    return cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY)


def _size(frame: np.ndarray) -> str:
    return f'{frame.shape[1]} x {frame.shape[0]}'
