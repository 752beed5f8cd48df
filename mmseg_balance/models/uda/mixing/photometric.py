"""Colour jitter and blur of mixed images, on the device."""

import math
from dataclasses import asdict
from typing import Any

import kornia
import torch
from torch import Tensor, nn

from ....errors import UserValueError
from ...frames.pairs import changed_frames
from .augmentation_settings import (
    Augmentation,
    StrongAugmentationSettings,
    augmentation_settings,
)


class StrongAugmentation(nn.Module):
    """Colour jitter and Gaussian blur, each with its own coin.

    DACS (WACV 2021), with the settings and draws of
    https://github.com/lhoyer/DAFormer. Images of one channel, thermal ones
    for example, get brightness and contrast of the jitter: a grey image has
    neither saturation nor hue. The frame before an image gets what is drawn
    for the image, and the flow stays.

    Args:
        mean: Mean that was subtracted from the images, a value for each
            channel (0 .. 255).
        std: Standard deviation that they were divided by, likewise.
        *args, **kwargs: Of :class:`StrongAugmentationSettings`.

    Raises:
        ValueError: A setting out of range, or a jitter of images with
            another number of channels than 1 or 3.
    """

    def __init__(
        self, mean: Tensor, std: Tensor, *args: Any, **kwargs: Any
    ) -> None:
        super().__init__()
        settings = StrongAugmentationSettings(*args, **kwargs)
        if settings.jitter_probability and mean.numel() not in (1, 3):
            raise UserValueError(
                'Colours can be jittered in images of 1 or 3 channels, but '
                f'data_preprocessor.mean has {mean.numel()} values: set '
                'jitter_probability=0 in model.augmentation'
            )
        self.register_buffer('mean', mean.view(1, -1, 1, 1), False)
        self.register_buffer('std', std.view(1, -1, 1, 1), False)
        self.jitter_probability = settings.jitter_probability
        self.jitter_strength = settings.jitter_strength
        self.blur_probability = settings.blur_probability
        self.drawn = settings.drawn

    @torch.no_grad()
    def forward(self, images: Tensor) -> Tensor:
        """Augment normalised images, float32.

        Args:
            images: (N, 1 or 3, H, W); or with the frames before them,
                (N, 9, H, W), see ``stack_frames``.
        """
        if self.drawn == 'image':
            return self._one_by_one(images)
        # coins are drawn on the host: the branch is taken there
        jitter, blur, sigma = torch.rand(3).tolist()
        if jitter < self.jitter_probability:
            images = self.jitter(images)
        if blur < self.blur_probability:
            images = blurred(images, 0.15 + sigma)
        return images

    def _one_by_one(self, images: Tensor) -> Tensor:
        """Images of which each has coins and a sigma of its own."""
        draws = torch.rand(3, len(images), 1, 1, 1).to(images)
        jitter, blur, sigma = draws[0], draws[1], draws[2].view(-1, 1)
        if self.jitter_probability:
            coloured = self.jitter(images)
            images = torch.where(
                jitter < self.jitter_probability, coloured, images
            )
        if self.blur_probability:
            blurry = blurred(images, (0.15 + sigma).expand(-1, 2))
            images = torch.where(blur < self.blur_probability, blurry, images)
        return images

    def jitter(self, images: Tensor) -> Tensor:
        """Change the colours of each image by a draw of its own."""
        # ColorJiggle is what ColorJitter was in the kornia that DAFormer
        # used: brightness is added, not multiplied
        jiggle = kornia.augmentation.ColorJiggle(
            *[self.jitter_strength] * 4, p=1.0
        )
        drawn = None

        def change(frames: Tensor) -> Tensor:
            nonlocal drawn
            coloured = (frames * self.std + self.mean) / 255
            channels = coloured.shape[1]
            coloured = jiggle(coloured.expand(-1, 3, -1, -1), params=drawn)
            drawn = jiggle._params
            return (coloured[:, :channels] * 255 - self.mean) / self.std

        return changed_frames(images, change)


def strong_augmentation(
    segmentor: nn.Module, augmentation: Augmentation
) -> nn.Module:
    """Build the augmentation of images that a segmentor has normalised.

    Args:
        segmentor: Its ``data_preprocessor`` knows mean and std.
        augmentation: Settings. None: an augmentation that changes nothing.

    Raises:
        ValueError: The preprocessor does not normalise.
    """
    settings = augmentation_settings(augmentation)
    if settings is None:
        return nn.Identity()
    preprocessor = segmentor.data_preprocessor
    if getattr(preprocessor, 'mean', None) is None:
        raise UserValueError(
            'Colour jitter needs the mean and std that images are normalised '
            'with: set mean and std in model.segmentor.data_preprocessor, or '
            'do without: augmentation=None (of DACS and the methods made of '
            'it, or of an objective)'
        )
    mean, std = preprocessor.mean.clone(), preprocessor.std.clone()
    return StrongAugmentation(mean, std, **asdict(settings))


def blurred(images: Tensor, sigma: float | Tensor) -> Tensor:
    """``gaussian_blur`` of images and the frames before them, if any."""
    return changed_frames(images, lambda x: gaussian_blur(x, sigma))


def gaussian_blur(images: Tensor, sigma: float | Tensor) -> Tensor:
    """Blur with a kernel of a tenth of the image.

    Args:
        images: (N, channels, H, W).
        sigma: Standard deviation in pixels; or those of each image along
            its height and its width, (N, 2).
    """
    size = tuple(_odd(math.ceil(0.1 * side)) for side in images.shape[-2:])
    if not isinstance(sigma, Tensor):
        sigma = (sigma, sigma)
    return kornia.filters.gaussian_blur2d(images, size, sigma)


def _odd(side: int) -> int:
    return math.floor(side - 0.5 + side % 2)
