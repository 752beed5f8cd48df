"""KITTI's PNG: 16 bits, red u, green v, blue whether the flow counts.

``u = (red - 32768) / 64``: steps of 1/64 pixel up to 512 pixels.
"""

import cv2
import numpy as np

from ...errors import UserOSError, UserValueError

ZERO, STEPS = 2**15, 64
LIMIT = ZERO / STEPS


def decode(data: bytes) -> tuple[np.ndarray, np.ndarray]:
    """Read a file.

    Args:
        data: Its bytes.

    Returns:
        float32 (H, W, 2) in pixels, 0 where it does not count, and where it
        counts, bool (H, W).

    Raises:
        OSError: It is no such image, or cut off.
    """
    buffer = np.frombuffer(data, np.uint8)
    # OpenCV raises an error of its own where there is nothing
    image = cv2.imdecode(buffer, cv2.IMREAD_UNCHANGED) if data else None
    if image is None:
        raise UserOSError('it cannot be decoded as an image')
    if image.dtype != np.uint16 or image.ndim != 3 or image.shape[2] != 3:
        raise UserOSError(
            f"it holds {image.dtype} {image.shape}, expected KITTI's flow: "
            'uint16 (H, W, 3)'
        )
    valid = image[..., 0] != 0
    flow = (image[..., :0:-1].astype(np.float32) - ZERO) / STEPS
    return flow * valid[..., None], valid


def encode(flow: np.ndarray, valid: np.ndarray) -> bytes:
    """Make a file.

    Args:
        flow: (H, W, 2) in pixels.
        valid: Where it counts, bool (H, W).

    Returns:
        Its bytes.

    Raises:
        ValueError: A flow that counts is longer than the format can hold.
    """
    steps = np.rint(np.where(valid[..., None], flow, 0) * STEPS) + ZERO
    if steps.min() < 0 or steps.max() >= 2 * ZERO:
        longest = float(np.abs(flow[valid]).max())
        raise UserValueError(
            f'a flow of {longest:.1f} pixels is too long for a PNG (up to '
            f'{LIMIT:.0f}): write .flo'
        )
    channels = (valid[..., None], steps[..., ::-1])
    image = np.concatenate(channels, axis=-1).astype(np.uint16)
    return cv2.imencode('.png', image)[1].tobytes()
