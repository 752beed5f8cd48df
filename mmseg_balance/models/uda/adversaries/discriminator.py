"""Tells from a map of predictions which domain the image is from."""

from collections.abc import Iterator
from contextlib import contextmanager

from mmseg.registry import MODELS
from torch import Tensor, nn
from torch.nn import functional as F

from ....errors import UserValueError


@MODELS.register_module()
class FCDiscriminator(nn.Module):
    """Five 4 x 4 convolutions of stride 2 (AdaptSegNet, CVPR 2018).

    C, n, 2n, 4n, 8n and 1 channels, a LeakyReLU after all but the last, and
    no normalisation. The keys of its state dict are those of the public
    code, https://github.com/wasidennis/AdaptSegNet.

    Args:
        in_channels: Classes C.
        base_channels: Channels n of the first convolution.

    Raises:
        ValueError: A setting out of range.
    """

    min_size = 32  # what five times a half leaves a pixel of

    def __init__(self, in_channels: int, base_channels: int = 64) -> None:
        super().__init__()
        if not isinstance(base_channels, int) or base_channels < 1:
            raise UserValueError(
                'Expected `base_channels` of FCDiscriminator to be a positive '
                f'integer, but got {base_channels!r}'
            )
        n = base_channels
        self.conv1 = nn.Conv2d(in_channels, n, 4, 2, 1)
        self.conv2 = nn.Conv2d(n, 2 * n, 4, 2, 1)
        self.conv3 = nn.Conv2d(2 * n, 4 * n, 4, 2, 1)
        self.conv4 = nn.Conv2d(4 * n, 8 * n, 4, 2, 1)
        self.classifier = nn.Conv2d(8 * n, 1, 4, 2, 1)

    def forward(self, maps: Tensor) -> Tensor:
        """Logit of the target domain for every patch.

        Args:
            maps: Probabilities or self-information, (N, C, H, W).

        Returns:
            (N, 1, H // 32, W // 32).

        Raises:
            ValueError: The maps are too small.
        """
        if min(maps.shape[-2:]) < self.min_size:
            raise UserValueError(
                f'FCDiscriminator needs crops of {self.min_size} x '
                f'{self.min_size} pixels at least, but got '
                f'{tuple(maps.shape[-2:])}: set crop_size of RandomCrop'
            )
        for conv in (self.conv1, self.conv2, self.conv3, self.conv4):
            maps = F.leaky_relu(conv(maps), 0.2)
        return self.classifier(maps)


@contextmanager
def frozen(module: nn.Module) -> Iterator[None]:
    """Forward passes in here give no gradients to a module's parameters.

    Args:
        module: Gradients still flow through it, to its inputs.
    """
    trained = [p for p in module.parameters() if p.requires_grad]
    for parameter in trained:
        parameter.requires_grad_(False)
    try:
        yield
    finally:
        for parameter in trained:
            parameter.requires_grad_(True)
