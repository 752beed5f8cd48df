"""Colours for classes that have none."""

import colorsys
from collections.abc import Sequence
from typing import Any

# of the golden section, so that hues that follow each other are far apart
TURN = 0.618034


def class_palette(palette: Any, count: int) -> list[tuple[int, int, int]]:
    """RGB of each class, with colours for those that lack one.

    Args:
        palette: Of the data set: RGB, 0 to 255, of each class; or None.
        count: Number of classes C.
    """
    known: Sequence = () if palette is None else list(palette)[:count]
    return [
        *(tuple(map(int, colour)) for colour in known),
        *(_colour(i) for i in range(len(known), count)),
    ]


def _colour(index: int) -> tuple[int, int, int]:
    value = 0.95 - 0.15 * (index // 12 % 3)
    saturation = 0.8 - 0.25 * (index // 36 % 2)
    rgb = colorsys.hsv_to_rgb(index * TURN % 1, saturation, value)
    red, green, blue = (round(255 * part) for part in rgb)
    return red, green, blue
