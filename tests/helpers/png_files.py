"""PNG files that no common library writes."""

import struct
import zlib

import numpy as np

# colour types of the PNG standard by the number of channels
KINDS = {1: 0, 2: 4, 3: 2, 4: 6}


def grey_alpha_png(values: np.ndarray) -> bytes:
    """Grey and alpha in 16 bits.

    Args:
        values: Integers (H, W, 2).

    Returns:
        The bytes of the file.
    """
    return png_of_16_bits(values)


def png_of_16_bits(values: np.ndarray) -> bytes:
    """An image of 16 bits a channel, in the order of the standard.

    Args:
        values: Integers (H, W, channels): grey; grey and alpha; red, green
            and blue; or these and alpha.

    Returns:
        The bytes of the file.
    """
    height, width, channels = values.shape
    rows = [b'\0' + row.astype('>u2').tobytes() for row in values]
    header = struct.pack(
        '>IIBBBBB', width, height, 16, KINDS[channels], 0, 0, 0
    )
    return (
        b'\x89PNG\r\n\x1a\n'
        + _chunk(b'IHDR', header)
        + _chunk(b'IDAT', zlib.compress(b''.join(rows)))
        + _chunk(b'IEND', b'')
    )


def _chunk(kind: bytes, data: bytes) -> bytes:
    checksum = struct.pack('>I', zlib.crc32(kind + data))
    return struct.pack('>I', len(data)) + kind + data + checksum
