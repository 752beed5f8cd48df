"""An image of a data set as it is read, with nothing done to it."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ...errors import UserValueError
from .bad_files import UnreadableFileError
from .named_files import load_named
from .split_pipeline import SplitPipeline


@dataclass(frozen=True)
class PlainImage:
    """An image, and what reads it in a training.

    Args:
        loader: The transform that reads images.
        info: What its data set says of the sample.
        key: Key of the data set, for messages.
    """

    loader: Callable
    info: dict
    key: str

    @classmethod
    def of(cls, part: SplitPipeline, index: int) -> 'PlainImage':
        """One of a data set.

        Args:
            part: The data set.
            index: Index into it.

        Raises:
            ValueError: Its pipeline reads no images.
        """
        if part.image_loader is None:
            raise UserValueError(
                f'{part.name}.pipeline reads no images: put '
                "dict(type='LoadImageFromFile') first"
            )
        info = part.dataset.get_data_info(index)
        return cls(part.image_loader, info, part.name)

    @property
    def path(self) -> str:
        """Where it lies."""
        return str(self.info.get('img_path'))

    def read(self) -> np.ndarray:
        """Read it.

        Returns:
            BGR, uint8 (H, W, 3).

        Raises:
            OSError: The file cannot be read or decoded; names it.
            ValueError: It is read as something else.
        """
        loaded = load_named(self.loader, dict(self.info), self.key)
        if loaded is None:
            raise UnreadableFileError(
                f'{self.key} image {self.path}: '
                f'{type(self.loader).__name__} gives up on it'
            )
        image = loaded['img']
        if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3:
            raise UserValueError(
                f'{self.key}.pipeline reads {self.path} as {image.dtype} '
                f'{image.shape}, expected uint8 (H, W, 3), BGR: let its '
                "LoadImageFromFile have color_type='color' and no to_float32"
            )
        return image
