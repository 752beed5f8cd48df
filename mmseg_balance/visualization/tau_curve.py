"""Curves of scores over tau (Fig. 5)."""

import io
from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from .figures import RUN_COLOURS

PANELS = (
    ('mean over classes (%)', ('mIoU', 'mAcc')),
    ('std over classes (points)', ('IoU_std', 'Acc_std')),
)


def tau_curves(
    scores: Sequence[Mapping[str, Any]],
    best: Mapping[str, float],
    title: str = '',
) -> bytes:
    """Means and stds over tau, the best of each marked.

    Args:
        scores: For each tau in ascending order a dict with 'tau' and the
            metrics.
        best: The best tau of each metric; others are not drawn.
        title: Above the picture.

    Returns:
        The picture, as PNG.
    """
    figure = Figure(figsize=(9, 3.6), layout='constrained')
    for axis, (label, metrics) in zip(
        figure.subplots(1, 2), PANELS, strict=True
    ):
        for metric, colour in zip(metrics, RUN_COLOURS, strict=False):
            if metric in best:
                _curve(axis, scores, metric, best[metric], colour)
        axis.set_xlabel('tau')
        axis.set_ylabel(label)
        axis.grid(alpha=0.3)
        axis.spines[['top', 'right']].set_visible(False)
        axis.legend(frameon=False, loc='lower center', bbox_to_anchor=(0.5, 1))
    figure.suptitle(title, fontsize=10)
    out = io.BytesIO()
    FigureCanvasAgg(figure).print_png(out)
    return out.getvalue()


def _curve(
    axis: Axes,
    scores: Sequence[Mapping[str, Any]],
    metric: str,
    best: float,
    colour: str,
) -> None:
    taus = [row['tau'] for row in scores]
    values = [row[metric] for row in scores]
    at_best = values[taus.index(best)]
    # in the legend: beside the marks, numbers of two curves may collide
    label = f'{metric}, best {at_best:.1f} at {best:g}'
    axis.plot(taus, values, 'o-', color=colour, markersize=3.5, label=label)
    axis.plot(best, at_best, '*', color=colour, markersize=14)
