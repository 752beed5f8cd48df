"""How all figures of logits draw their distributions."""

from matplotlib.lines import Line2D

from ...class_rows import OVER, UNDER
from .model_logits import NEGATIVE, POSITIVE

NEGATIVE_COLOUR, UNKNOWN_COLOUR = '#8C8C8C', '#444444'
ANCHOR_STYLES = {POSITIVE: '--', NEGATIVE: ':'}
# share of a distribution beyond either end of the axis
TAIL = 0.002


def own_colour(bias: float) -> str:
    """Colour of a class on its own pixels.

    Args:
        bias: Of the class; a NaN, or 0, is neither over nor under.
    """
    if bias > 0:
        return OVER
    return UNDER if bias < 0 else UNKNOWN_COLOUR


def anchor_entries() -> list[Line2D]:
    """Entries of a legend for the two anchors."""
    style = dict(color='black', linewidth=0.9)
    return [
        Line2D([], [], linestyle=line, label=f'{kind} anchor', **style)
        for kind, line in ANCHOR_STYLES.items()
    ]
