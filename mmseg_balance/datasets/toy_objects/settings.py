"""How many toy objects are drawn, of which size, and how often each class."""

from dataclasses import dataclass

from ...errors import UserValueError
from .shapes import SHAPES

CLASSES = tuple(SHAPES)
DOMAINS = ('train', 'validation')
"""Folders of renderings and of "photographs", as VisDA-2017 has them."""
MIN_SIZE = 32
# classes from the most frequent one to the rarest, where they differ
_RANKS = (3, 9, 1, 0, 6, 10, 7, 2, 4, 11, 8, 5)


@dataclass(frozen=True)
class ToyObjects:
    """Settings of the generator.

    Args:
        num_source: Renderings of each class.
        num_target: Photographs of each class.
        imbalance: How often the most frequent class of a domain comes for
            each image of its rarest; frequencies fall evenly between them.
            What is frequent in one domain is rare in the other. 1: all
            classes equally often.
        size: Rows and columns of the images, at least 32.
        seed: Non-negative seed. An image depends on it, the size, the
            domain, the class and its index alone.

    Raises:
        ValueError: A number is out of range.
    """

    num_source: int = 50
    num_target: int = 40
    imbalance: int = 1
    size: int = 64
    seed: int = 0

    def __post_init__(self) -> None:
        least = dict(
            num_source=1, num_target=1, imbalance=1, size=MIN_SIZE, seed=0
        )
        for name, minimum in least.items():
            value = getattr(self, name)
            if value < minimum:
                raise UserValueError(
                    f'{name}: expected at least {minimum}, found {value}'
                )

    def count(self, domain: str, name: str) -> int:
        """Number of images of a class in a domain.

        Args:
            domain: ``train`` or ``validation``.
            name: The class.

        Returns:
            At least 1.
        """
        is_source = domain == DOMAINS[0]
        most = self.num_source if is_source else self.num_target
        rank = _RANKS.index(CLASSES.index(name)) / (len(CLASSES) - 1)
        share = self.imbalance ** -(rank if is_source else 1 - rank)
        return max(round(most * share), 1)
