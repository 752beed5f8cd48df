"""Names at the ends of curves, in the place of a long legend."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from .page import SMALL

# of a line of text, and points an inch
LINE_SPACING, INCH = 1.15, 72


def label_ends(
    axis: Axes,
    x: float,
    ends: Sequence[float],
    names: Sequence[str],
    colours: Sequence[str],
    height: float,
) -> None:
    """Write a name beside the last point of each curve, none over another.

    Args:
        axis: Axes, whose limits and scale of y are set for good.
        x: Place of the last points.
        ends: Values of the last points.
        names: A name for each.
        colours: Colour of each.
        height: Of the axes, in inches, or a little less.
    """
    low, high = axis.get_ylim()
    forward = axis.get_yscale() == 'log'
    scale = np.log if forward else np.asarray
    start, stop = scale(np.array([low, high]))
    shares = (scale(np.clip(ends, low, high)) - start) / (stop - start)
    gap = SMALL * LINE_SPACING / INCH / height
    places = spread(shares, gap)
    for share, place, name, colour in zip(
        shares, places, names, colours, strict=True
    ):
        value = start + share * (stop - start)
        axis.annotate(
            name,
            (x, np.exp(value) if forward else value),
            xytext=(1.07, place),
            textcoords='axes fraction',
            color=colour,
            va='center',
            fontsize=SMALL,
            arrowprops=dict(
                arrowstyle='-',
                color=colour,
                linewidth=0.4,
                shrinkA=0,
                shrinkB=1,
                relpos=(0, 0.5),
            ),
        )


def spread(places: np.ndarray, gap: float) -> np.ndarray:
    """Move places as little as needed to be a gap apart.

    Args:
        places: Places (N,) in any order.
        gap: Least distance.

    Returns:
        New places (N,), in the same order from small to large; groups that
        had to move keep their mean.
    """
    order = np.argsort(places, kind='stable')
    # centre and members of neighbours that touch
    groups: list[tuple[float, list[int]]] = []
    for number in order.tolist():
        centre, members = float(places[number]), [number]
        while groups:
            before, others = groups[-1]
            reach = (len(others) + len(members)) * gap / 2
            if centre - before >= reach:
                break
            groups.pop()
            total = before * len(others) + centre * len(members)
            members = others + members
            centre = total / len(members)
        groups.append((centre, members))
    result = np.empty(len(places))
    for centre, members in groups:
        offsets = np.arange(len(members)) - (len(members) - 1) / 2
        result[members] = centre + gap * offsets
    return result
