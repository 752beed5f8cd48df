"""Blur, colours and grey of images and the frames before them."""

import kornia
import torch
from torch import Tensor, nn

from ....errors import UserValueError
from ...frames.pairs import IMAGE_CHANNELS, changed_frames
from ..mixing.photometric import gaussian_blur
from .frame_colours_settings import (
    Colours,
    FrameColoursSettings,
    colour_settings,
)


class FrameColours(nn.Module):
    """Blur, then colour jitter, then grey, each with its own coin.

    The strong augmentation of TPS (Xing et al., ECCV 2022), on the device,
    with the jitter of torchvision. An image and the frame before it get the
    same of each. Coins and sigma are drawn once a batch, which was of one
    image there, the jitter for each image.

    Args:
        mean: Mean that was subtracted from the images, (3,) of 0 .. 255.
        std: Standard deviation that they were divided by, likewise.
        settings: What is drawn, and how often.
    """

    def __init__(
        self, mean: Tensor, std: Tensor, settings: FrameColoursSettings
    ) -> None:
        super().__init__()
        self.register_buffer('mean', mean.view(1, -1, 1, 1), False)
        self.register_buffer('std', std.view(1, -1, 1, 1), False)
        self.settings = settings

    @torch.no_grad()
    def forward(self, images: Tensor) -> Tensor:
        """Change the colours of both frames; flow stays as it is.

        Under autocast, too, in the dtype of the images: a blur in bfloat16
        leaves 8 bits to the colours behind it.

        Args:
            images: Normalised, (N, 3, H, W); or with the frames before them,
                (N, 9, H, W), see ``stack_frames``.

        Returns:
            The same shape.
        """
        own = self.settings
        # on the host, where the branches are taken
        *coins, place = torch.rand(4).tolist()
        sigma = own.blur_sigma[int(place * len(own.blur_sigma))]
        blur, jitter, grey = (
            coin < chance
            for coin, chance in zip(
                coins,
                (
                    own.blur_probability,
                    own.jitter_probability,
                    own.grey_probability,
                ),
                strict=True,
            )
        )
        jiggle = kornia.augmentation.ColorJitter(*own.jitter, p=1.0)
        drawn: dict | None = None  # of the images, for the frames before

        def changed(frame: Tensor) -> Tensor:
            nonlocal drawn
            frame = (frame * self.std + self.mean) / 255
            if blur:
                frame = gaussian_blur(frame, sigma)
            if jitter:
                frame = jiggle(frame, params=drawn)
                drawn = jiggle._params
            if grey:
                frame = kornia.color.rgb_to_grayscale(frame)
                frame = frame.expand(-1, IMAGE_CHANNELS, -1, -1)
            return (frame * 255 - self.mean) / self.std

        with torch.autocast(images.device.type, enabled=False):
            return changed_frames(images, changed)


def frame_colours(segmentor: nn.Module, settings: Colours) -> nn.Module:
    """Build the augmentation of frames that a segmentor has normalised.

    Args:
        segmentor: Its ``data_preprocessor`` knows mean and std.
        settings: A dict of those that are not the default. None: an
            augmentation that changes nothing.

    Raises:
        TypeError: Something else.
        ValueError: A setting out of range, or images that are not normalised
            or not of three channels.
    """
    if settings is None:
        return nn.Identity()
    settings = colour_settings(settings)
    preprocessor = segmentor.data_preprocessor
    mean = getattr(preprocessor, 'mean', None)
    if mean is None or mean.numel() != IMAGE_CHANNELS:
        found = None if mean is None else mean.flatten().tolist()
        raise UserValueError(
            'The colours of frames are changed by the mean and std that they '
            f'are normalised with, and data_preprocessor.mean is {found}: set '
            'mean and std of three channels, or augmentation=None'
        )
    return FrameColours(mean.clone(), preprocessor.std.clone(), settings)
