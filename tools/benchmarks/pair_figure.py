"""Picture of differences, paired by seed, with their intervals."""

import io
from collections.abc import Mapping, Sequence

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from mmseg_balance.evaluation.comparison.differences import PairedDifference
from mmseg_balance.visualization.figures import RUN_COLOURS

CLEAR, UNCLEAR = RUN_COLOURS[0], '0.55'
# points at which a panel ends: a row that is farther away would make all
# others one dot
FAR = 12.0


def differences_figure(
    panels: Mapping[str, Mapping[str, Sequence[PairedDifference]]],
    scores: Sequence[str],
) -> bytes:
    """Draw a row of panels for each baseline of a pair, one for each score.

    A dot is a seed, a line Student's interval of 95 %, coloured where it
    leaves 0 out. An interval that leaves the panel ends at its edge: the
    seeds decide how wide it is, up to :data:`FAR` points. Seeds that are
    farther away are written at that edge.

    Args:
        panels: By title and row: differences of scores.
        scores: Those of them that are drawn.

    Returns:
        The picture, as PNG.
    """
    heights = list(map(len, panels.values()))
    figure = Figure(
        figsize=(4 + 2.7 * len(scores), 0.24 * sum(heights) + len(heights)),
        layout='constrained',
    )
    axes = figure.subplots(
        len(panels), len(scores), squeeze=False, sharey='row',
        height_ratios=heights,
    )  # fmt: skip
    for line, (title, rows) in zip(axes, panels.items(), strict=True):
        for axis, key in zip(line, scores, strict=True):
            axis.axvline(0, color='black', linewidth=0.8)
            own = [
                next(d for d in row if d.key == key) for row in rows.values()
            ]
            axis.set_xlim(*_limits([v for d in own for v in d.values]))
            for place, difference in enumerate(own):
                _difference(axis, place, difference)
            axis.set_title(key, fontsize=10)
            axis.grid(axis='x', alpha=0.3)
            axis.spines[['top', 'right', 'left']].set_visible(False)
            axis.tick_params(axis='y', length=0)
        line[0].set_yticks(range(len(rows)), list(rows), fontsize=8)
        line[0].set_ylim(len(rows) - 0.5, -0.5)
        # above the names of its rows, where it is in no other's way
        line[0].text(
            -0.02, 1.0, title, fontsize=9, weight='bold', ha='right',
            va='bottom', transform=line[0].transAxes,
        )  # fmt: skip
    figure.supxlabel(
        'points above the method alone, of the same seed, student'
    )
    out = io.BytesIO()
    FigureCanvasAgg(figure).print_png(out)
    return out.getvalue()


def _limits(values: Sequence[float]) -> tuple[float, float]:
    """Ends of a panel: all values and 0, but for those behind FAR."""
    near = [max(-FAR, min(FAR, value)) for value in (*values, 0.0)]
    margin = 0.25 * (max(near) - min(near)) + 0.5
    return min(near) - margin, max(near) + margin


def _difference(axis, place: int, difference: PairedDifference) -> None:
    """One row of a panel."""
    ends = difference.student_t
    clear = ends is not None and (ends[0] > 0 or ends[1] < 0)
    colour = CLEAR if clear else UNCLEAR
    if ends is not None:
        axis.plot(
            ends, (place, place), color=colour, alpha=0.5, linewidth=3,
            solid_capstyle='butt',
        )  # fmt: skip
        axis.plot(difference.mean, place, '|', color=colour, markersize=9)
    axis.plot(
        difference.values, [place] * len(difference.values), 'o',
        color=colour, markersize=3.5, markeredgewidth=0,
    )  # fmt: skip
    low, high = axis.get_xlim()
    _write(axis, 0.01, place, [v for v in difference.values if v < low])
    _write(axis, 0.99, place, [v for v in difference.values if v > high])


def _write(axis, x: float, place: int, values: Sequence[float]) -> None:
    """Values of a row that are outside its panel, at the edge before them."""
    if not values:
        return
    text = ', '.join(f'{value:+.1f}' for value in values)
    left = x < 0.5
    axis.text(
        x, place, f'< {text}' if left else f'{text} >', fontsize=7,
        va='center', ha='left' if left else 'right',
        transform=axis.get_yaxis_transform(),
        bbox=dict(facecolor='white', edgecolor='none', pad=0.5),
    )  # fmt: skip
