"""A random part of an image, at one size."""

import math

import mmcv
import torch
from mmcv.transforms import BaseTransform
from mmseg.registry import TRANSFORMS

from ...errors import UserValueError
from ...number_checks import check_count, is_number


@TRANSFORMS.register_module()
class RandomResizedCrop(BaseTransform):
    """Crops a part of random area and aspect, and resizes it to a square.

    The part is drawn by torchvision, from torch's generator; with the
    defaults the result is that of its transform on a Pillow image.

    Args:
        scale: Rows and columns of the result.
        crop_ratio_range: Least and greatest area, as a share of the image's.
        aspect_ratio_range: Least and greatest ratio of width to height.
        interpolation: See ``mmcv.imresize``.
        backend: 'pillow', whose result is antialiased, or 'cv2'.

    Raises:
        ValueError: A range is none.

    Example:
        >>> dict(type='RandomResizedCrop', scale=224)
    """

    def __init__(
        self,
        scale: int,
        crop_ratio_range: tuple[float, float] = (0.08, 1.0),
        aspect_ratio_range: tuple[float, float] = (3 / 4, 4 / 3),
        interpolation: str = 'bilinear',
        backend: str = 'pillow',
    ) -> None:
        check_count('RandomResizedCrop', 'scale', scale)
        for name, value, most in (
            ('crop_ratio_range', crop_ratio_range, 1),
            ('aspect_ratio_range', aspect_ratio_range, math.inf),
        ):
            if (
                len(value) != 2
                or not all(map(is_number, value))
                or not 0 < value[0] <= value[1] <= most
            ):
                raise UserValueError(
                    f'RandomResizedCrop.{name}: expected two numbers above 0'
                    f'{" and up to 1" if most == 1 else ""}, the smaller one '
                    f'first, found {value!r}'
                )
        self.scale = scale
        self.crop_ratio_range = tuple(crop_ratio_range)
        self.aspect_ratio_range = tuple(aspect_ratio_range)
        self.interpolation = interpolation
        self.backend = backend

    def transform(self, results: dict) -> dict:
        """Crop and resize the image.

        Args:
            results: With ``img``, (H, W, C).

        Returns:
            Them, with ``img`` (S, S, C) and its ``img_shape``.
        """
        if results.get('gt_seg_map') is not None:
            raise UserValueError(
                'RandomResizedCrop is for images that have a label as a '
                'whole: put LoadClassLabel behind it; crops that keep labels '
                "of pixels are dict(type='RandomCrop')"
            )
        image = results['img']
        top, left, height, width = self.draw(*image.shape[:2])
        results['img'] = mmcv.imresize(
            image[top : top + height, left : left + width],
            (self.scale, self.scale),
            interpolation=self.interpolation,
            backend=self.backend,
        )
        results['img_shape'] = results['img'].shape[:2]
        return results

    def draw(self, height: int, width: int) -> tuple[int, int, int, int]:
        """Draw a part of an image.

        Args:
            height: H.
            width: W.

        Returns:
            Its first row and column, its height and its width.
        """
        # not before it is needed: it takes a while, and a torch that fits
        from torchvision.transforms import RandomResizedCrop as Reference

        shape = torch.empty(1, height, width, device='meta')
        return Reference.get_params(
            shape, list(self.crop_ratio_range), list(self.aspect_ratio_range)
        )

    def __repr__(self) -> str:
        return (
            f'{type(self).__name__}(scale={self.scale}, '
            f'crop_ratio_range={self.crop_ratio_range}, '
            f'aspect_ratio_range={self.aspect_ratio_range}, '
            f'interpolation={self.interpolation!r}, '
            f'backend={self.backend!r})'
        )
