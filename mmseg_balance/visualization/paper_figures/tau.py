"""Scores over the scale tau of post-hoc balancing (Fig. 5 of BLDA)."""

from collections.abc import Mapping, Sequence
from typing import Any

from .drawn import Drawn, Table
from .page import COLOURS, SMALL, WIDTHS, new_figure, panels, printed, to_png

HEIGHT = 1.75
PANELS = (
    ('mean over classes (%)', ('mIoU', 'mAcc')),
    ('std over classes (points)', ('IoU_std', 'Acc_std')),
)
MARKERS = 'os'
COLUMNS = ('tau', 'metric', 'value (percent or points)', 'best')


@printed
def draw_tau(
    scores: Sequence[Mapping[str, Any]],
    best: Mapping[str, float],
    width: float = WIDTHS['column'],
) -> Drawn:
    """Means and stds over tau, the best of each marked.

    Args:
        scores: For each tau in ascending order a dict with 'tau' and the
            metrics, as ``TauSweep.scores`` has them.
        best: The best tau of each metric; others are not drawn.
        width: Of the picture, in inches.

    Returns:
        The picture and its table.
    """
    figure = new_figure(width, HEIGHT)
    (axes,) = panels(figure, 1, 2)
    table = Table(COLUMNS)
    taus = [row['tau'] for row in scores]
    for axis, (label, metrics) in zip(axes, PANELS, strict=True):
        for metric, colour, marker in zip(
            metrics, COLOURS, MARKERS, strict=False
        ):
            if metric not in best:
                continue
            values = [row[metric] for row in scores]
            at_best = values[taus.index(best[metric])]
            axis.plot(
                taus,
                values,
                color=colour,
                marker=marker,
                markersize=2.5,
                label=f'{metric}: {at_best:.1f} at {best[metric]:g}',
            )
            axis.plot(best[metric], at_best, '*', color=colour, markersize=8)
            table.rows += [
                (tau, metric, value, 'yes' if tau == best[metric] else 'no')
                for tau, value in zip(taus, values, strict=True)
            ]
        axis.set_xlabel('scale tau')
        axis.set_ylabel(label)
        axis.grid()
        axis.legend(
            loc='lower center',
            bbox_to_anchor=(0.5, 1),
            borderaxespad=0.2,
            title='best (star)',
            title_fontsize=SMALL,
        )
    return Drawn(to_png(figure), {'': table})
