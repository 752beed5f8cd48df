"""Networks that tell translated images from those of a domain."""

from mmseg.registry import MODELS
from torch import Tensor, nn

from .layers import check_counts, check_size, init_convolutions, norm

MOST = 8  # times the channels of the first convolution


@MODELS.register_module()
class PatchDiscriminator(nn.Module):
    """PatchGAN (Isola et al., CVPR 2017): a score for each patch of an image.

    4 x 4 convolutions, ``num_layers`` of them with stride 2, two without;
    with three a score is of 70 x 70 pixels. Instance normalisation behind
    all but the first and the last. The keys of its state dict are those of
    the public code, https://github.com/junyanz/pytorch-CycleGAN-and-pix2pix
    (``basic``).

    Args:
        in_channels: Of the images.
        base_channels: Channels of the first convolution.
        num_layers: Convolutions of stride 2.

    Raises:
        ValueError: A setting out of range.
    """

    def __init__(
        self,
        in_channels: int = 3,
        base_channels: int = 64,
        num_layers: int = 3,
    ) -> None:
        super().__init__()
        check_counts(
            type(self).__name__,
            in_channels=in_channels,
            base_channels=base_channels,
            num_layers=num_layers,
        )
        self.min_size = 3 * 2**num_layers  # a patch, normalised before
        widths = [
            base_channels * min(2**i, MOST) for i in range(num_layers + 1)
        ]
        layers = [
            nn.Conv2d(in_channels, widths[0], 4, 2, 1),
            nn.LeakyReLU(0.2, inplace=True),
        ]
        for i in range(num_layers):
            stride = 2 if i + 1 < num_layers else 1
            layers += [
                nn.Conv2d(widths[i], widths[i + 1], 4, stride, 1),
                norm(widths[i + 1]),
                nn.LeakyReLU(0.2, inplace=True),
            ]
        self.model = nn.Sequential(*layers, nn.Conv2d(widths[-1], 1, 4, 1, 1))
        init_convolutions(self)

    def forward(self, images: Tensor) -> Tensor:
        """How much each patch looks like one of the domain.

        Args:
            images: (N, channels, H, W).

        Returns:
            Scores, (N, 1, H // 2**num_layers - 2, W // 2**num_layers - 2).

        Raises:
            ValueError: The images are too small.
        """
        check_size(type(self).__name__, images.shape[-2:], self.min_size)
        return self.model(images)
