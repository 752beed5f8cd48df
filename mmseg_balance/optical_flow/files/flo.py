"""Middlebury's ``.flo``: a tag, width, height, and (u, v) in float32."""

import numpy as np

from ...errors import UserOSError

TAG = b'PIEH'
HEADER = 12
# Middlebury's mark of what is not known
UNKNOWN = 1e9


def decode(data: bytes) -> tuple[np.ndarray, np.ndarray]:
    """Read a file.

    Args:
        data: Its bytes.

    Returns:
        float32 (H, W, 2) in pixels, 0 where it is not known, and where it
        is, bool (H, W).

    Raises:
        OSError: It is no such file, or cut off.
    """
    if data[:4] != TAG or len(data) < HEADER:
        raise UserOSError("it does not begin with the tag 'PIEH' of .flo")
    width, height = np.frombuffer(data, '<i4', 2, offset=4).tolist()
    if width < 1 or height < 1 or len(data) != HEADER + 8 * width * height:
        raise UserOSError(
            f'it has {len(data)} bytes, and its header says {width} x '
            f'{height} pixels (width x height)'
        )
    flow = np.frombuffer(data, '<f4', offset=HEADER)
    flow = flow.astype(np.float32).reshape(height, width, 2)
    # what is NaN stays so: that is no mark of this format
    unknown = (np.abs(flow) > UNKNOWN).any(-1)
    flow[unknown] = 0
    return flow, ~unknown


def encode(flow: np.ndarray, valid: np.ndarray) -> bytes:
    """Make a file.

    Args:
        flow: (H, W, 2) in pixels.
        valid: Where it counts, bool (H, W).

    Returns:
        Its bytes.
    """
    size = np.array(flow.shape[1::-1], '<i4').tobytes()
    kept = np.where(valid[..., None], flow, 10 * UNKNOWN)
    return TAG + size + kept.astype('<f4').tobytes()
