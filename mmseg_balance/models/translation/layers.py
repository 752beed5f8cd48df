"""What generators and discriminators have in common."""

from torch import nn

from ...errors import UserValueError
from ...number_checks import check_count

STD = 0.02  # of the first weights


def norm(channels: int) -> nn.InstanceNorm2d:
    """Normalisation of each image by itself, without weights."""
    return nn.InstanceNorm2d(channels)


def init_convolutions(module: nn.Module) -> None:
    """First weights of CycleGAN: normal, of standard deviation 0.02.

    Args:
        module: Its convolutions are changed in place.
    """
    for part in module.modules():
        if isinstance(part, nn.Conv2d | nn.ConvTranspose2d):
            nn.init.normal_(part.weight, 0.0, STD)
            if part.bias is not None:
                nn.init.zeros_(part.bias)


def check_counts(owner: str, **counts: int) -> None:
    """Refuse numbers of channels or layers below 1.

    Args:
        owner: Class that has them.
        **counts: By the name of the argument.

    Raises:
        ValueError: Names the argument.
    """
    for name, count in counts.items():
        check_count(owner, name, count)


def check_size(owner: str, size: tuple[int, int], least: int) -> None:
    """Refuse images of which too little would be left within a network.

    Args:
        owner: Class of the network.
        size: Height and width.
        least: What both have to be at least.

    Raises:
        ValueError: Names the network and the sizes.
    """
    if min(size) < least:
        raise UserValueError(
            f'{owner} needs images of {least} x {least} pixels at least, but '
            f'got {tuple(size)}: set crop_size of RandomCrop in both '
            'pipelines, and data_preprocessor.size, to more'
        )
