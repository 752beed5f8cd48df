"""An image of a data set as it is read, with nothing done to it."""

import numpy as np

from ...errors import UserValueError
from .bad_files import UnreadableFileError
from .named_files import load_named
from .split_pipeline import SplitPipeline


def read_plain_image(part: SplitPipeline, index: int) -> np.ndarray:
    """Read an image by the transform that reads images for a data set.

    Args:
        part: The data set.
        index: Index into it.

    Returns:
        BGR, uint8 (H, W, 3).

    Raises:
        OSError: The file cannot be read or decoded; names it.
        ValueError: The pipeline reads no images, or others than that.
    """
    info = part.dataset.get_data_info(index)
    if part.image_loader is None:
        raise UserValueError(
            f'{part.name}.pipeline reads no images: put '
            "dict(type='LoadImageFromFile') first"
        )
    loaded = load_named(part.image_loader, info, part.name)
    path = info.get('img_path')
    if loaded is None:
        raise UnreadableFileError(
            f'{part.name} image {path}: '
            f'{type(part.image_loader).__name__} gives up on it'
        )
    image = loaded['img']
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3:
        raise UserValueError(
            f'{part.name}.pipeline reads {path} as {image.dtype} '
            f'{image.shape}, expected uint8 (H, W, 3), BGR: let its '
            "LoadImageFromFile have color_type='color' and no to_float32"
        )
    return image
