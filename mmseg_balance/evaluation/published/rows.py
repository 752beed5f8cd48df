"""Every row, and how one is found by its name."""

import re
from difflib import SequenceMatcher

from ...errors import UserValueError
from . import classification, foundation, panoptic, segmentation, video
from .row import PublishedRow

ROWS = (*segmentation.ROWS, *panoptic.ROWS, *video.ROWS, *classification.ROWS)
NOT_BUILT = {**video.NOT_BUILT, **foundation.NOT_BUILT}
NUM_NEAREST = 5


def find_row(name: str) -> PublishedRow:
    """The row of a name.

    Args:
        name: 'gta/daformer+blda' for one.

    Returns:
        The row.

    Raises:
        ValueError: There is none, and why; or shows the five names most like
            it.
    """
    rows = {row.name: row for row in ROWS}
    if name in NOT_BUILT:
        raise UserValueError(
            f'no config of the row {name!r}: {NOT_BUILT[name]}'
        )
    if name not in rows:
        raise UserValueError(
            f'no row {name!r}; the nearest are {", ".join(_nearest(name))}. '
            'A name is SOURCE/METHOD[+VARIANT]; --list shows all rows'
        )
    return rows[name]


def _nearest(name: str) -> list[str]:
    """Rows that contain a name, then those that are spelt most like it."""
    asked = name.lower()

    def likeness(row: str) -> tuple[bool, float]:
        pieces = (row, row.split('/')[1], *re.split(r'[/+]', row))
        ratios = [SequenceMatcher(None, p, asked).ratio() for p in pieces]
        # a piece that fits counts a little less than a whole name
        return asked in row, max(ratios[0], 0.9 * max(ratios[1:]))

    names = [row.name for row in ROWS]
    return sorted(names, key=likeness, reverse=True)[:NUM_NEAREST]
