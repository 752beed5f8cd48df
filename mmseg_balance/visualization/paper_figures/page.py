"""Sizes of what is printed: widths, letters, and lines."""

import io
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

# inches: a column, and the text, of the two-column page of a conference
WIDTHS = dict(column=3.25, text=6.75)
DPI = 300
# points, at the width that is printed
SMALL, NORMAL = 6.5, 7.0
RC: dict[str, Any] = {
    'font.size': NORMAL,
    'axes.titlesize': NORMAL,
    'axes.labelsize': NORMAL,
    'xtick.labelsize': SMALL,
    'ytick.labelsize': SMALL,
    'legend.fontsize': SMALL,
    'legend.frameon': False,
    'legend.handlelength': 1.4,
    'legend.columnspacing': 1.0,
    'legend.handletextpad': 0.5,
    'axes.linewidth': 0.6,
    'axes.labelpad': 2,
    'axes.titlepad': 3,
    'axes.spines.top': False,
    'axes.spines.right': False,
    'axes.axisbelow': True,
    'grid.linewidth': 0.4,
    'grid.alpha': 0.4,
    'lines.linewidth': 1.0,
    'xtick.major.width': 0.6,
    'ytick.major.width': 0.6,
    'xtick.major.size': 2,
    'ytick.major.size': 2,
    'xtick.major.pad': 2,
    'ytick.major.pad': 2,
    'hatch.linewidth': 0.5,
}
# Okabe and Ito, told apart with any colour vision, without their yellow,
# which thin lines on white paper lose
COLOURS = (
    '#0072B2',
    '#D55E00',
    '#009E73',
    '#CC79A7',
    '#E69F00',
    '#56B4E9',
    '#000000',
)
STYLES = ('-', '--', ':', '-.')

# for functions that make a picture: letters are of the size that is printed
printed = matplotlib.rc_context(RC)


def new_figure(
    width: float, height: float, layout: str = 'constrained'
) -> Figure:
    """A figure of a size in inches, whose parts find their places.

    Args:
        width, height: In inches.
        layout: Of Matplotlib: 'compressed' for one picture of a fixed aspect,
            whose names would leave the page with the other one.
    """
    figure = Figure((width, height), layout=layout, dpi=DPI)
    figure.get_layout_engine().set(w_pad=0.03, h_pad=0.03)
    return figure


def to_png(figure: Figure) -> bytes:
    """The figure as PNG, 300 pixels an inch."""
    out = io.BytesIO()
    FigureCanvasAgg(figure).print_png(out)
    return out.getvalue()


def panels(
    figure: Figure, rows: int, columns: int, **kwargs: Any
) -> list[list[Axes]]:
    """``figure.subplots``, always rows of axes."""
    return figure.subplots(rows, columns, squeeze=False, **kwargs).tolist()
