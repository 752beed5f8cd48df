"""How many toy streets are drawn, and of which size."""

from dataclasses import dataclass

from ...errors import UserValueError

PERIOD = 4
"""Any so many consecutive images of a split show all classes."""
MIN_SIZE = 64


@dataclass(frozen=True)
class ToyStreets:
    """Settings of the generator.

    Args:
        num_source: Labelled images of the source domain.
        num_target: Training images of the target domain.
        num_val: Validation images of the target domain.
        num_second: Labelled images of the second source domain; 0 makes
            none of them.
        height: Rows of the images, at least 64.
        width: Columns of the images, at least 64.
        seed: Non-negative seed. An image depends on it, the size, the
            domain, the split and its index alone.

    Raises:
        ValueError: A number is out of range.
    """

    num_source: int = 160
    num_target: int = 100
    num_val: int = 40
    num_second: int = 80
    height: int = 256
    width: int = 512
    seed: int = 0

    def __post_init__(self) -> None:
        least = dict(
            num_source=PERIOD, num_target=1, num_val=PERIOD,
            num_second=PERIOD if self.num_second else 0,
            height=MIN_SIZE, width=MIN_SIZE, seed=0,
        )  # fmt: skip
        for name, minimum in least.items():
            value = getattr(self, name)
            if value < minimum:
                raise UserValueError(
                    f'{name}: expected at least {minimum}, found {value}'
                )
