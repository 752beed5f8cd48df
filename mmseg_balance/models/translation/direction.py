"""One of the two ways between two domains."""

from dataclasses import dataclass

from torch import nn

from .image_pool import ImagePool


@dataclass(frozen=True)
class Direction:
    """What translates images of a domain, and who looks at the result.

    Attributes:
        generator: Into the other domain.
        generator_back: Back again.
        discriminator: Tells translations from images of the other domain.
        pool: Translations that it is shown again.
    """

    generator: nn.Module
    generator_back: nn.Module
    discriminator: nn.Module
    pool: ImagePool
