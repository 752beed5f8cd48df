"""Flow from a file, and into one."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from ...errors import UserOSError, UserValueError, with_message
from ...files.writing import write_atomically
from . import flo, kitti_png, numpy_files

Field = tuple[np.ndarray, np.ndarray]
READERS: dict[str, Callable[[bytes], Field]] = {
    '.png': kitti_png.decode,
    '.flo': flo.decode,
    '.npy': numpy_files.decode_npy,
    '.npz': numpy_files.decode_npz,
}
WRITERS: dict[str, Callable[[np.ndarray, np.ndarray], bytes]] = {
    '.png': kitti_png.encode,
    '.flo': flo.encode,
    '.npy': numpy_files.encode_npy,
}


def read_flow(path: str | Path) -> Field:
    """Read a flow.

    Args:
        path: ``.png`` (KITTI, 16 bits), ``.flo`` (Middlebury), ``.npy``
            (int16 in tenths of pixels, or floats) or ``.npz`` (VIPER).

    Returns:
        float32 (H, W, 2), (u, v) in pixels, 0 where it does not count; and
        where it counts, bool (H, W).

    Raises:
        OSError: The file cannot be read, or is of another format.
        ValueError: The suffix is another one, or the flow is not finite.
    """
    path = Path(path)
    decode = _of_suffix(path, READERS)
    try:
        flow, valid = decode(path.read_bytes())
    except UserOSError as error:
        raise with_message(error, f'{path}: {error}') from error
    wrong = int((~np.isfinite(flow).all(-1)).sum())
    if wrong:
        raise UserValueError(
            f'{path}: the flow of {wrong} pixels is NaN or infinite; compute '
            'it again, or mark them as not valid (.png, .flo)'
        )
    return flow, valid


def write_flow(
    path: str | Path, flow: np.ndarray, valid: np.ndarray | None = None
) -> None:
    """Write a flow, whole or not at all.

    Args:
        path: ``.png``, ``.flo`` or ``.npy``, as :func:`read_flow` has them.
        flow: (H, W, 2), (u, v) in pixels.
        valid: Where it counts, bool (H, W). None: everywhere.

    Raises:
        ValueError: The suffix is another one, the flow is not finite where it
            counts, or too long for the format.
    """
    path = Path(path)
    encode = _of_suffix(path, WRITERS)
    if valid is None:
        valid = np.ones(flow.shape[:2], dtype=bool)
    if not np.isfinite(flow[valid]).all():
        raise UserValueError(f'{path}: the flow is NaN or infinite somewhere')
    try:
        data = encode(flow, valid)
    except UserValueError as error:
        raise UserValueError(f'{path}: {error}') from error
    write_atomically(path, data)


def _of_suffix(path: Path, formats: dict[str, Callable]) -> Callable:
    if path.suffix.lower() not in formats:
        raise UserValueError(f'{path}: expected flow as {", ".join(formats)}')
    return formats[path.suffix.lower()]
