"""Class weights over a training (Fig. 2 and 6 of the GBW paper)."""

import io
from collections.abc import Sequence

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from .figures import RUN_COLOURS

STYLES = ('-', '--', ':')


def class_weight_figure(
    iterations: Sequence[int],
    calls: np.ndarray,
    mean: np.ndarray,
    largest: np.ndarray,
    variance: np.ndarray,
    classes: Sequence[str],
    title: str = '',
) -> bytes:
    """Mean weight over iterations; mean, spread and largest by class.

    Args:
        iterations: Ends of the T windows.
        calls: Number of calls in each window, (T,).
        mean: Mean weight in each window, (T, C).
        largest: Largest weight in each window, (T, C).
        variance: Variance within each window, (T, C).
        classes: Names of the classes.
        title: Above the picture.

    Returns:
        The picture, as PNG.
    """
    figure = Figure(
        figsize=(11, 3 + 0.16 * max(len(classes), 8)), layout='constrained'
    )
    if title:
        figure.suptitle(title)
    left, right = figure.subplots(1, 2, width_ratios=(3, 2))
    lines = []
    for c in range(len(classes)):
        style = dict(
            color=RUN_COLOURS[c % len(RUN_COLOURS)],
            linestyle=STYLES[c // len(RUN_COLOURS) % len(STYLES)],
        )
        left.plot(iterations, mean[:, c], **style, marker='.', markersize=3)
        lines.append(Line2D([], [], label=classes[c], **style))
    left.axhline(1, color='black', linewidth=0.8)
    left.set_xlabel('iteration')
    left.set_ylabel('class weight, mean of a window')
    left.set_ylim(bottom=0)

    place = np.arange(len(classes))
    share = calls[:, None] / calls.sum()
    average = (share * mean).sum(0)
    # variance within windows, and that of their means
    spread = (share * (variance + (mean - average) ** 2)).sum(0) ** 0.5
    right.barh(place, average, xerr=spread, color='#56B4E9', label='mean')
    right.plot(
        largest.max(0), place, 'D', color='#D55E00', ms=4, label='largest'
    )
    right.axvline(1, color='black', linewidth=0.8)
    right.set_yticks(place, classes)
    right.invert_yaxis()
    right.set_xlim(left=0)
    right.set_xlabel('class weight: mean, standard deviation, largest')
    right.legend(fontsize='x-small')
    for axis in (left, right):
        axis.grid(alpha=0.3)
        axis.set_axisbelow(True)
        axis.spines[['top', 'right']].set_visible(False)
    figure.legend(
        handles=lines,
        loc='outside lower center',
        fontsize='small',
        ncols=min(len(classes), 8),
        frameon=False,
    )
    out = io.BytesIO()
    FigureCanvasAgg(figure).print_png(out)
    return out.getvalue()
