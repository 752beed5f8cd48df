"""Which sequence and which moment an image is of, by its name."""

import re
from typing import NamedTuple

from ....errors import UserValueError

NUMBER = re.compile(r'(?P<before>.*?)(?P<digits>\d+)', re.DOTALL)
SEPARATORS = '_-./ '


class Frame(NamedTuple):
    """A frame of a sequence.

    Attributes:
        before: What its name has before the number, folders included.
        number: Its number.
        digits: How many digits the number is written with.
    """

    before: str
    number: int
    digits: int

    @property
    def sequence(self) -> str:
        """Name of its sequence, 'aachen/aachen_000000' for one."""
        return self.before.rstrip(SEPARATORS)

    def moved(self, step: int) -> str:
        """Name of another frame of the sequence.

        Args:
            step: Difference of the numbers.
        """
        return f'{self.before}{self.number + step:0{self.digits}d}'


def frame_of(name: str, file: str) -> Frame:
    """Read the name of a frame.

    Args:
        name: Path below the folder of the data set, without suffix: VIPER's
            '001/001_00010', Cityscapes' 'aachen/aachen_000000_000019'.
        file: The file, for messages.

    Returns:
        The frame; the last digits of the name are its number.

    Raises:
        ValueError: The name does not end with a number.
    """
    match = NUMBER.fullmatch(name)
    if match is None:
        raise UserValueError(
            f'{file}: no number of a frame at the end of the name {name!r}, '
            "expected '001/001_00010' for one; see img_suffix for what "
            'follows the number'
        )
    digits = match['digits']
    return Frame(match['before'], int(digits), len(digits))
