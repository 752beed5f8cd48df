"""How many toy streets are drawn, and of which size."""

from dataclasses import dataclass

from ...errors import UserValueError
from ...number_checks import is_number

PERIOD = 4
"""Any so many consecutive images of a split show all classes."""
MIN_SIZE = 64
LEAST_SHIFT, MOST_SHIFT = 0.25, 8.0
"""Beyond them things stand before one another, and one class hides others:
more than four times the cars, for one, leave no street for a tram."""


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
        label_shift: How many times as often things of classes that are rare
            in the source are in the images of the target domain; things of
            frequent ones are so many times less often. From 1/4 to 8; 1
            changes nothing, below it rare ones become rarer. Streets and
            light are those of 1, and the sources do not change.

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
    label_shift: float = 1.0

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
        shift = self.label_shift
        if not is_number(shift) or not LEAST_SHIFT <= shift <= MOST_SHIFT:
            raise UserValueError(
                f'label_shift: expected a number from {LEAST_SHIFT:g} to '
                f'{MOST_SHIFT:g}, 1 for no shift, found {shift}'
            )
