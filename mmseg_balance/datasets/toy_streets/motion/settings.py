"""How many moving toy streets are drawn, and of which size."""

from dataclasses import dataclass

from ....errors import UserValueError
from ..settings import MIN_SIZE, PERIOD


@dataclass(frozen=True)
class ToySequences:
    """Settings of the generator of sequences.

    Args:
        num_source: Labelled sequences of the source domain.
        num_target: Training sequences of the target domain.
        num_val: Validation sequences of the target domain.
        frames: Frames of each sequence.
        height: Rows of the images, at least 64.
        width: Columns of the images, at least 64.
        seed: Non-negative seed. A sequence depends on it, the size, the
            domain, the split and its index alone.

    Raises:
        ValueError: A number is out of range.
    """

    num_source: int = 16
    num_target: int = 12
    num_val: int = 4
    frames: int = 6
    height: int = 192
    width: int = 384
    seed: int = 0

    def __post_init__(self) -> None:
        least = dict(
            num_source=PERIOD, num_target=1, num_val=PERIOD, frames=2,
            height=MIN_SIZE, width=MIN_SIZE, seed=0,
        )  # fmt: skip
        for name, minimum in least.items():
            value = getattr(self, name)
            if value < minimum:
                raise UserValueError(
                    f'{name}: expected at least {minimum}, found {value}'
                )
        # the camera drives 0.7 metres a frame at most, of a street of 130
        if self.frames > MOST_FRAMES:
            raise UserValueError(
                f'frames: expected at most {MOST_FRAMES}, found '
                f'{self.frames}; draw more sequences in place of longer ones'
            )


MOST_FRAMES = 30
