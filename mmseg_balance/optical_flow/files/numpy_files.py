"""NumPy's files of flow: int16 tenths of pixels, and VIPER's float16."""

import zlib
from io import BytesIO
from zipfile import BadZipFile

import numpy as np

from ...errors import UserOSError, UserValueError

TENTHS = 10
RANGE = np.iinfo(np.int16)


def decode_npy(data: bytes) -> tuple[np.ndarray, np.ndarray]:
    """Read ``.npy``: (H, W, 2), int16 in tenths of pixels or floats.

    The public code of DA-VSN, TPS and CMOM writes int16.

    Args:
        data: Bytes of the file.

    Returns:
        float32 (H, W, 2) in pixels, and where it counts, bool (H, W):
        everywhere.

    Raises:
        OSError: It is no such file, or cut off.
    """
    stored = _load(data).get('')
    if stored is None:
        raise UserOSError('it is no .npy file')
    is_fixed = stored.dtype == np.int16
    if not (is_fixed or stored.dtype.kind == 'f') or (
        stored.ndim != 3 or stored.shape[2] != 2
    ):
        raise UserOSError(
            f'it holds {stored.dtype} {stored.shape}, expected int16 (tenths '
            'of pixels) or floats (pixels), (H, W, 2)'
        )
    flow = stored.astype(np.float32)
    if is_fixed:
        flow /= TENTHS
    return flow, np.ones(flow.shape[:2], dtype=bool)


def encode_npy(flow: np.ndarray, valid: np.ndarray) -> bytes:
    """Make an ``.npy`` of int16, which cannot say where the flow counts.

    Args:
        flow: (H, W, 2) in pixels.
        valid: Where it counts, bool (H, W); it must be everywhere.

    Returns:
        Its bytes.

    Raises:
        ValueError: The flow does not count somewhere, or is too long.
    """
    if not valid.all():
        raise UserValueError(
            f'{int((~valid).sum())} pixels have no flow, which .npy cannot '
            'say: write .png or .flo'
        )
    tenths = np.rint(flow * TENTHS)
    if tenths.min() < RANGE.min or tenths.max() > RANGE.max:
        raise UserValueError(
            f'a flow of {float(np.abs(flow).max()):.1f} pixels is too long '
            f'for int16 tenths (up to {RANGE.max / TENTHS:.0f}): write .flo'
        )
    file = BytesIO()
    np.save(file, tenths.astype(np.int16))
    return file.getvalue()


def decode_npz(data: bytes) -> tuple[np.ndarray, np.ndarray]:
    """Read VIPER's ``.npz``: ``u`` and ``v``, float16, not finite if unknown.

    Args:
        data: Bytes of the file.

    Returns:
        float32 (H, W, 2) in pixels, 0 where it is not known, and where it
        is, bool (H, W).

    Raises:
        OSError: It is no such file, or cut off.
    """
    stored = _load(data)
    if not {'u', 'v'} <= stored.keys():
        raise UserOSError('it has no arrays u and v, as the flow of VIPER')
    parts = [stored[name].astype(np.float32) for name in 'uv']
    if parts[0].ndim != 2 or parts[0].shape != parts[1].shape:
        shapes = ' and '.join(str(part.shape) for part in parts)
        raise UserOSError(f'u and v are {shapes}, expected (H, W) of both')
    flow = np.stack(parts, axis=-1)
    valid = np.isfinite(flow).all(-1)
    flow[~valid] = 0
    return flow, valid


def _load(data: bytes) -> dict[str, np.ndarray]:
    """The arrays of a file by name; that of an ``.npy`` has the name ''."""
    try:
        stored = np.load(BytesIO(data), allow_pickle=False)
        if isinstance(stored, np.ndarray):
            return {'': stored}
        with stored:
            return dict(stored)
    except (ValueError, EOFError, OSError, BadZipFile, zlib.error) as error:
        raise UserOSError(f'numpy cannot read it ({error})') from error
