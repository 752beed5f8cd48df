"""PNG files that no common library writes."""

import struct
import zlib

import numpy as np


def grey_alpha_png(values: np.ndarray) -> bytes:
    """Grey and alpha in 16 bits.

    Args:
        values: Integers (H, W, 2).

    Returns:
        The bytes of the file.
    """
    height, width = values.shape[:2]
    rows = [b'\0' + row.astype('>u2').tobytes() for row in values]
    header = struct.pack('>IIBBBBB', width, height, 16, 4, 0, 0, 0)
    return (
        b'\x89PNG\r\n\x1a\n'
        + _chunk(b'IHDR', header)
        + _chunk(b'IDAT', zlib.compress(b''.join(rows)))
        + _chunk(b'IEND', b'')
    )


def _chunk(kind: bytes, data: bytes) -> bytes:
    checksum = struct.pack('>I', zlib.crc32(kind + data))
    return struct.pack('>I', len(data)) + kind + data + checksum
