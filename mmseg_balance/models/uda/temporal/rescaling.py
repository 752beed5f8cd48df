"""Images, with the frames before them or without, at another size."""

import math
from collections.abc import Sequence

import torch
from mmseg.models.utils import resize
from torch import Tensor

from ....optical_flow.geometry import resize_flow, resize_valid
from ...frames.pairs import FramePair, frame_pair, image_channels, stack_frames


def draw_size(
    size: tuple[int, int], scale: Sequence[float], divisor: int
) -> tuple[int, int]:
    """Draw a size, one for all images of a batch.

    Args:
        size: Height and width of the images.
        scale: Smallest and largest factor; it is drawn evenly.
        divisor: Height and width are the nearest multiples of it, once it at
            least.

    Returns:
        Height and width.
    """
    low, high = scale
    factor = low + (high - low) * torch.rand(()).item()
    height, width = (
        max(round(side * factor / divisor), 1) * divisor for side in size
    )
    return height, width


def rescaled_images(images: Tensor, size: tuple[int, int]) -> Tensor:
    """Images at another size, and with them the frames before.

    Args:
        images: (N, 3, H, W); or of ``stack_frames``, (N, 9, H, W).
        size: New height and width.

    Returns:
        (N, 3 or 9, *size). Flow is in pixels of the new size, and counts
        where all pixels that it is interpolated of do.
    """
    if tuple(images.shape[-2:]) == size:
        return images
    pair = frame_pair(images)
    image = _bilinear(image_channels(images), size)
    if pair is None:
        return image
    return stack_frames(
        image,
        FramePair(
            _bilinear(pair.images, size),
            resize_flow(pair.flow, size),
            resize_valid(pair.valid, size),
        ),
    )


def rescaled_labels(labels: Tensor, size: tuple[int, int]) -> Tensor:
    """Labels at another size, each that of the nearest pixel.

    Args:
        labels: (N, H, W), of an integer dtype.
        size: New height and width.
    """
    if tuple(labels.shape[-2:]) == size:
        return labels
    # floats hold every class and 255
    maps = resize(labels[:, None].float(), size, mode='nearest-exact')
    return maps[:, 0].to(labels.dtype)


def common_divisor(divisor: int, student: object) -> int:
    """Smallest multiple of a divisor whose multiples a student takes.

    Args:
        divisor: Of a setting.
        student: Segmentor; HRDA's takes multiples of its
            ``crop_coord_divisible`` alone.
    """
    return math.lcm(divisor, getattr(student, 'crop_coord_divisible', 1))


def _bilinear(images: Tensor, size: tuple[int, int]) -> Tensor:
    return resize(images, size, mode='bilinear', align_corners=False)
