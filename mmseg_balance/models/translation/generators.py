"""Networks that turn an image of one domain into one of the other."""

from mmseg.registry import MODELS
from torch import Tensor, nn
from torch.nn import functional as F

from .layers import check_counts, check_size, init_convolutions, norm

FACTOR = 4  # what the two strides of 2 divide an image by


class ResnetBlock(nn.Module):
    """Two 3 x 3 convolutions beside the identity.

    Args:
        channels: Of input and output.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv_block = nn.Sequential(
            nn.ReflectionPad2d(1),
            nn.Conv2d(channels, channels, 3),
            norm(channels),
            nn.ReLU(inplace=True),
            nn.ReflectionPad2d(1),
            nn.Conv2d(channels, channels, 3),
            norm(channels),
        )

    def forward(self, features: Tensor) -> Tensor:
        """(N, C, H, W), as its input."""
        return features + self.conv_block(features)


@MODELS.register_module()
class ResnetGenerator(nn.Module):
    """Generator of CycleGAN (Zhu et al., ICCV 2017), after Johnson et al.

    A 7 x 7 convolution, two of stride 2, residual blocks, two transposed
    ones, and a 7 x 7 convolution with tanh; instance normalisation and
    padding by reflection. The keys of its state dict are those of the public
    code, https://github.com/junyanz/pytorch-CycleGAN-and-pix2pix, whose
    weights it loads (``resnet_9blocks``, ``resnet_6blocks``, no dropout).

    Args:
        num_blocks: Residual blocks: 9, or 6 for small images.
        base_channels: Channels of the first convolution.
        in_channels, out_channels: Of the images.

    Raises:
        ValueError: A setting out of range.
    """

    min_size = 2 * FACTOR

    def __init__(
        self,
        num_blocks: int = 9,
        base_channels: int = 64,
        in_channels: int = 3,
        out_channels: int = 3,
    ) -> None:
        super().__init__()
        check_counts(
            type(self).__name__,
            num_blocks=num_blocks,
            base_channels=base_channels,
            in_channels=in_channels,
            out_channels=out_channels,
        )
        n = base_channels
        self.model = nn.Sequential(
            nn.ReflectionPad2d(3),
            nn.Conv2d(in_channels, n, 7),
            norm(n),
            nn.ReLU(inplace=True),
            *_half(n),
            *_half(2 * n),
            *(ResnetBlock(FACTOR * n) for _ in range(num_blocks)),
            *_double(4 * n),
            *_double(2 * n),
            nn.ReflectionPad2d(3),
            nn.Conv2d(n, out_channels, 7),
            nn.Tanh(),
        )
        init_convolutions(self)

    def forward(self, images: Tensor) -> Tensor:
        """Translate images.

        What four does not divide is padded by reflection, and cut off again.

        Args:
            images: Values from -1 to 1, (N, channels, H, W).

        Returns:
            Values from -1 to 1, (N, channels, H, W).

        Raises:
            ValueError: The images are too small.
        """
        height, width = images.shape[-2:]
        check_size(type(self).__name__, (height, width), self.min_size)
        right, bottom = -width % FACTOR, -height % FACTOR
        if right or bottom:
            images = F.pad(images, (0, right, 0, bottom), mode='reflect')
        return self.model(images)[..., :height, :width]


def _half(channels: int) -> tuple[nn.Module, ...]:
    """Half the size, twice the channels."""
    return (
        nn.Conv2d(channels, 2 * channels, 3, stride=2, padding=1),
        norm(2 * channels),
        nn.ReLU(inplace=True),
    )


def _double(channels: int) -> tuple[nn.Module, ...]:
    """Twice the size, half the channels."""
    half = channels // 2
    up = nn.ConvTranspose2d(
        channels, half, 3, stride=2, padding=1, output_padding=1
    )
    return up, norm(half), nn.ReLU(inplace=True)
