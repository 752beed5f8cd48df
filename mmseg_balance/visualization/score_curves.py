"""Scores of methods over a quantity that is varied, with their spread."""

import io
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from .figures import RUN_COLOURS

MARKERS = 'osD^vPX*'
# methods of one place stand side by side, of the room between two places
SPREAD = 0.36

Scores = Mapping[str, Mapping[str, Sequence[float]]]


def score_curves(
    panels: Mapping[str, Scores], places: Mapping[str, str], label: str
) -> bytes:
    """Draw a line for each method: means, and bars from least to largest.

    Args:
        panels: For each panel, by its title: for each method, the scores of
            its runs in percent by place. A place that a method lacks, or
            has no number of, is left out of its line.
        places: What is written below each place, in order.
        label: Below all panels.

    Returns:
        The picture, as PNG.
    """
    columns = min(len(panels), 2)
    rows = -(-len(panels) // columns)
    figure = Figure(
        figsize=(5.2 * columns, 3.2 * rows + 0.6), layout='constrained'
    )
    axes = figure.subplots(rows, columns, squeeze=False).ravel()
    methods = list(dict.fromkeys(m for p in panels.values() for m in p))
    for axis, (title, scores) in zip(axes, panels.items(), strict=False):
        for number, method in enumerate(methods):
            shift = (number - (len(methods) - 1) / 2) / max(len(methods), 1)
            _line(
                axis, scores.get(method, {}), list(places), method,
                number, SPREAD * shift,
            )  # fmt: skip
        axis.set_title(title, fontsize=10)
        axis.set_xticks(range(len(places)), list(places.values()))
        axis.set_ylabel('%')
        axis.grid(axis='y', alpha=0.3)
        axis.spines[['top', 'right']].set_visible(False)
    for axis in axes[len(panels) :]:
        axis.set_axis_off()
    figure.supxlabel(label, fontsize=10)
    handles, names = axes[0].get_legend_handles_labels()
    figure.legend(
        handles,
        names,
        loc='outside upper center',
        ncols=min(max(len(names), 1), 3),
        frameon=False,
        fontsize=9,
    )
    out = io.BytesIO()
    FigureCanvasAgg(figure).print_png(out)
    return out.getvalue()


def _line(
    axis: Axes,
    scores: Mapping[str, Sequence[float]],
    places: Sequence[str],
    name: str,
    number: int,
    shift: float,
) -> None:
    """The line of one method."""
    values = [np.asarray(scores.get(place, ()), float) for place in places]
    values = [v[np.isfinite(v)] for v in values]
    # an empty one gives no mean, and a gap in the line
    means = [v.mean() if v.size else np.nan for v in values]
    ends = [(v.min(), v.max()) if v.size else (np.nan, np.nan) for v in values]
    low, high = np.transpose(ends)
    x = np.arange(len(places)) + shift
    colour = RUN_COLOURS[number % len(RUN_COLOURS)]
    axis.vlines(x, low, high, color=colour, linewidth=2, alpha=0.45)
    axis.plot(
        x,
        means,
        color=colour,
        marker=MARKERS[number % len(MARKERS)],
        markersize=4.5,
        linewidth=1.2,
        label=name,
    )
