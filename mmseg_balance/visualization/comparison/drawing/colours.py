"""Colours that are told apart with any colour vision."""

from matplotlib import colormaps
from matplotlib.colors import LinearSegmentedColormap, to_hex, to_rgb

from ...class_rows import OVER, UNDER
from ...figures import RUN_COLOURS

# the yellow of RUN_COLOURS is too pale for a line on white
METHOD_COLOURS = RUN_COLOURS[:7]
# with more methods than colours the shape of the mark changes too
MARKS = (
    'M-4 0a4 4 0 1 0 8 0a4 4 0 1 0-8 0Z',
    'M-3.6-3.6h7.2v7.2h-7.2Z',
    'M0-5 5 0 0 5-5 0Z',
    'M0-4.6 4.6 3.4h-9.2Z',
)
DASHES = ('', '6 3', '2 3', '8 3 2 3')
MORE, LESS = UNDER, OVER
_DIVERGING = LinearSegmentedColormap.from_list(
    'orange to blue', [LESS, '#f6b98c', '#ffffff', '#8cc0e0', MORE]
)
_SEQUENTIAL = colormaps['Blues']


def method_colour(index: int) -> str:
    """Colour of the i-th method, everywhere on a page."""
    return METHOD_COLOURS[index % len(METHOD_COLOURS)]


def method_mark(index: int) -> str:
    """Outline of the mark of the i-th method, about 8 px wide, around 0."""
    return MARKS[index // len(METHOD_COLOURS) % len(MARKS)]


def method_dashes(index: int) -> str:
    """Dashes of the line of the i-th method."""
    return DASHES[index // len(METHOD_COLOURS) % len(DASHES)]


def share_colour(share: float) -> str:
    """White for 0 to dark blue for 1; small shares are seen, too.

    Args:
        share: Between 0 and 1; its square root is shown.
    """
    return to_hex(_SEQUENTIAL(0.95 * min(max(share, 0.0), 1.0) ** 0.5))


def difference_colour(value: float, most: float) -> str:
    """Blue for more, orange for less, white for no difference.

    Args:
        value: The difference.
        most: The difference that has the full colour, in either direction.
    """
    share = min(abs(value) / most, 1.0) ** 0.7 if most else 0.0
    if not share:
        return '#ffffff'
    return to_hex(_DIVERGING(0.5 + (0.42 if value > 0 else -0.42) * share))


def ink_on(colour: str) -> str:
    """Black or white, whichever is read better on a colour."""
    linear = [
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4
        for c in to_rgb(colour)
    ]
    luminance = sum(
        w * c for w, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True)
    )
    # equal contrast with both, by the formula of WCAG 2
    return '#000' if luminance > 0.179 else '#fff'
