"""Label images: read as they are stored, written as PNG."""

from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image

from ...errors import UserOSError, UserValueError
from ...files.writing import write_atomically
from .label_hints import channel_advice

# PIL modes with one value a pixel
LABEL_MODES = ('1', 'L', 'P', 'I', 'I;16')


def write_png(
    path: str | Path, image: np.ndarray, is_label: bool | None = None
) -> None:
    """Write a PNG file atomically.

    Args:
        path: The file; missing parent folders are made.
        image: uint8, (H, W) for labels or (H, W, 3) for RGB images.
        is_label: Whether it shows even areas; by default what is grey does.
    """
    buffer = BytesIO()
    # labels shrink a lot, images with their noise only take longer
    is_label = image.ndim == 2 if is_label is None else is_label
    level = 6 if is_label else 1
    Image.fromarray(image).save(buffer, format='PNG', compress_level=level)
    write_atomically(path, buffer.getvalue())


def decode(path: str | Path) -> tuple[str, np.ndarray, np.ndarray]:
    """Decode a whole image as it is stored.

    Args:
        path: The file.

    Returns:
        Its PIL mode, its values (H, W) or (H, W, channels), of a palette
        image the indices, and its palette (N, 3), empty where it has none.

    Raises:
        OSError: The file is missing or cannot be decoded.
    """
    try:
        with Image.open(path) as image:
            values = np.asarray(image)
            palette = image.getpalette() if image.mode == 'P' else None
            mode = image.mode
    except FileNotFoundError:
        raise
    except (OSError, SyntaxError) as error:
        raise UserOSError(f'{path}: cannot be decoded ({error})') from error
    if values.dtype == bool:
        values = values.astype(np.uint8)
    return mode, values, np.array(palette or [], dtype=np.uint8).reshape(-1, 3)


def read_label(path: str | Path) -> np.ndarray:
    """Read a label image with one value a pixel.

    Args:
        path: Grey, palette or 1-bit image; of a palette image the indices
            count.

    Returns:
        Integer array (H, W).

    Raises:
        OSError: The file is missing or cannot be decoded.
        ValueError: The image has several channels.
    """
    mode, label, _ = decode(path)
    if mode not in LABEL_MODES:
        raise UserValueError(
            f'{path}: expected one channel of class ids (PIL mode '
            f'{", ".join(LABEL_MODES)}), found mode {mode}: '
            f'{channel_advice(label.shape[-1])}'
        )
    return label
