"""Scores of each class, runs side by side (Fig. 2a of BLDA, 4b of GBW)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...errors import UserValueError
from .drawn import Drawn, Table
from .page import COLOURS, WIDTHS, new_figure, panels, printed, to_png

MARKERS = 'osD^vPX'
MOST_ROWS, AN_END = 40, 15
ROW_HEIGHT, MARGIN, LEGEND_ROW = 0.15, 0.5, 0.15
# of a row: between its first mark and its last one; inches more, a method
SPREAD, METHOD_HEIGHT = 0.5, 0.02
LETTERS = 17  # of the names, an inch
UNITS = {'IoU': '%', 'Acc': '%', 'Bias': 'points'}


@dataclass(frozen=True)
class ClassScores:
    """Scores of the classes of one method.

    Attributes:
        name: Of the method.
        mean: Mean over its seeds (C,), NaN where there is none.
        std: Standard deviation over them (C,), NaN of one seed.
        num_seeds: Seeds.
    """

    name: str
    mean: np.ndarray
    std: np.ndarray
    num_seeds: int


@printed
def draw_per_class(
    methods: Sequence[ClassScores],
    class_names: Sequence[str],
    metric: str = 'IoU',
    classes: Sequence[int] | None = None,
    width: float = WIDTHS['column'],
) -> Drawn:
    """Rows of classes, a mark for each method; bars are of its seeds.

    Args:
        methods: The methods; the rows are sorted by the first.
        class_names: Names of the C classes.
        metric: Key of ``UNITS``.
        classes: Numbers of the classes. Default: all; of more than 40 the 15
            at either end of the difference of the last and the first method.
        width: Of the picture, in inches.

    Returns:
        The picture and its table, which has all classes.

    Raises:
        ValueError: There are more methods than marks, or no score.
    """
    if len(methods) > len(MARKERS):
        raise UserValueError(
            f'{len(methods)} methods: at most {len(MARKERS)} can be told '
            'apart, name fewer'
        )
    values = np.array([method.mean for method in methods])
    known = [c for c in range(len(class_names)) if not
             np.isnan(values[:, c]).all()]  # fmt: skip
    rows = known if classes is None else [c for c in classes if c in known]
    if not rows:
        raise UserValueError(
            f'no {metric} of these classes in {methods[0].name}: they are in '
            'the scores of BalancedIoUMetric, set it as test_evaluator; of '
            'classifiers there is no IoU, take --metric Acc'
        )
    title = ''
    if classes is None and len(rows) > MOST_ROWS:
        gain = np.nan_to_num(values[-1] - values[0])
        rows = sorted(rows, key=lambda c: -gain[c])
        rows = rows[:AN_END] + rows[-AN_END:]
        title = f'{len(rows)} of {len(known)} classes: largest changes'
    else:
        rows = sorted(rows, key=lambda c: -np.nan_to_num(values[0, c]))

    # letters of a legend's line, and those of a mark and the space beside it
    letters = max(len(method.name) for method in methods) + 5
    columns = max(min(int(width * LETTERS / letters), len(methods)), 1)
    legend_rows = -(-len(methods) // columns)
    row_height = ROW_HEIGHT + METHOD_HEIGHT * max(len(methods) - 2, 0)
    height = MARGIN + row_height * len(rows) + LEGEND_ROW * legend_rows
    figure = new_figure(width, height + (LEGEND_ROW if title else 0))
    ((axis,),) = panels(figure, 1, 1)
    table = Table(
        ('class', 'method', f'mean {metric} ({UNITS[metric]})',
         f'std over seeds ({UNITS[metric]})', 'seeds', 'drawn')
    )  # fmt: skip
    places = np.arange(len(rows))
    axis.hlines(
        places,
        np.nanmin(values[:, rows], 0),
        np.nanmax(values[:, rows], 0),
        color='#BBBBBB',
        linewidth=0.8,
    )
    # side by side: of equal values the last one would hide the others
    shifts = np.linspace(-SPREAD / 2, SPREAD / 2, len(methods))
    for i, method in enumerate(methods):
        axis.errorbar(
            method.mean[rows],
            places + (shifts[i] if len(methods) > 1 else 0),
            xerr=np.nan_to_num(method.std[rows]),
            fmt=MARKERS[i],
            color=COLOURS[i],
            markersize=3,
            elinewidth=0.7,
            label=method.name,
        )
    for c in range(len(class_names)):
        drawn = 'yes' if c in rows else 'no'
        table.rows += [
            (class_names[c], m.name, float(m.mean[c]), float(m.std[c]),
             m.num_seeds, drawn)
            for m in methods
        ]  # fmt: skip
    axis.set_yticks(places, [class_names[c] for c in rows])
    axis.set_ylim(len(rows) - 0.4, -0.6)
    axis.tick_params(axis='y', length=0)
    axis.grid()
    axis.set_xlabel(f'{metric} ({UNITS[metric]})')
    if metric == 'Bias':
        axis.axvline(0, color='black', linewidth=0.6)
    else:
        axis.set_xlim(-2, 102)
    figure.legend(loc='outside upper center', ncols=columns, title=title)
    return Drawn(to_png(figure), {'': table})
