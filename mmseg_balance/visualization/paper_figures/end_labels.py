"""Names at the ends of curves, in the place of a long legend."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from scipy.optimize import isotonic_regression

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
    places = spread(shares, gap, 0.02, 0.98)
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


def spread(
    places: np.ndarray, gap: float, low: float = -np.inf, high: float = np.inf
) -> np.ndarray:
    """Move places as little as needed to be a gap apart.

    Args:
        places: Places (N,) in any order.
        gap: Least distance.
        low, high: Ends between which they stay, where there is room.

    Returns:
        New places (N,), in the same order from small to large: of all those
        a gap apart, the nearest by least squares.
    """
    order = np.argsort(places, kind='stable')
    # less its rank times the gap, what is a gap apart does not fall
    ranks = gap * np.arange(len(places))
    free = isotonic_regression(np.asarray(places, float)[order] - ranks).x
    last = max(high - ranks[-1], low)
    result = np.empty(len(places))
    result[order] = np.clip(free, low, last) + ranks
    return result
