"""Confusion matrices, and how two differ (Fig. 4a of GBW)."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes

from ...errors import UserValueError
from .drawn import Drawn, Table
from .page import SMALL, WIDTHS, new_figure, panels, printed, to_png

# of more classes those are drawn whose recall differs, or is low, the most
MOST_CLASSES, SHOWN = 40, 20
# inches: beside the cells; of a cell whose number is written into it
NAMES, NUMBERED = 1.15, 0.19
BAR_HEIGHT = 0.5
# told apart with any colour vision
SHARES, DIFFERENCES, ABSENT = 'Blues', 'PuOr_r', '#E4E4E4'


@printed
def draw_confusion(
    counts: Mapping[str, np.ndarray],
    class_names: Sequence[str],
    classes: Sequence[int] | None = None,
    width: float = WIDTHS['column'],
    unit: str = 'pixels',
) -> Drawn:
    """One confusion matrix, or the second less the first.

    Args:
        counts: Counts (C, C) by the name of the model, one or two;
            rows are true classes. Each row is divided by its sum.
        class_names: Names of the C classes.
        classes: Numbers of the classes that have a row and a column.
            Default: all; of more than 40 the 20 whose recall differs the
            most, or is lowest.
        width: Of the picture, in inches.
        unit: What is counted, 'pixels' or 'images'.

    Returns:
        The picture, in percent or percentage points; and the table of all
        pairs of classes.

    Raises:
        ValueError: A matrix is of other classes, or there are not one or two.
    """
    num = len(class_names)
    for name, matrix in counts.items():
        if matrix.shape != (num, num):
            raise UserValueError(
                f'{name}: expected a confusion matrix of {num} classes, but '
                f'got one of shape {matrix.shape}'
            )
    if len(counts) not in (1, 2):
        raise UserValueError(
            f'Expected one or two confusion matrices, but got {len(counts)}'
        )
    names = list(counts)
    shares = [row_percent(matrix) for matrix in counts.values()]
    drawn = shares[0] if len(shares) == 1 else shares[1] - shares[0]
    if classes is None:
        classes = _classes(drawn, len(shares) == 2)

    cell = (width - NAMES) / len(classes)
    figure = new_figure(width, width + BAR_HEIGHT, 'compressed')
    ((axis,),) = panels(figure, 1, 1)
    shown = drawn[np.ix_(classes, classes)]
    if len(shares) == 2:
        label = f'{names[1]} less {names[0]} (percentage points)'
        reach = float(np.nanmax(np.abs(shown), initial=1.0))
        style = dict(cmap=DIFFERENCES, vmin=-reach, vmax=reach)
    else:
        label = f'{names[0]}: share of the {unit} of a true class (%)'
        style = dict(cmap=SHARES, vmin=0.0, vmax=100.0)
    axis.set_facecolor(ABSENT)
    image = axis.imshow(np.ma.masked_invalid(shown), **style)
    if cell >= NUMBERED:
        _write_numbers(axis, shown, style['vmax'], len(shares) == 2)
    shown_names = [class_names[c] for c in classes]
    axis.set_xticks(range(len(classes)), shown_names, rotation=90)
    axis.set_yticks(range(len(classes)), shown_names)
    axis.tick_params(length=0)
    some = f' ({len(classes)} of {num})' if len(classes) < num else ''
    axis.set_xlabel(f'predicted class{some}')
    axis.set_ylabel('true class')
    for spine in axis.spines.values():
        spine.set_visible(False)
    bar = figure.colorbar(
        image, ax=axis, location='bottom', aspect=40, pad=0.02
    )
    bar.set_label(label)
    bar.outline.set_linewidth(0.4)
    return Drawn(
        to_png(figure), {'': _table(counts, shares, class_names, unit)}
    )


def row_percent(counts: np.ndarray) -> np.ndarray:
    """Share of each true class that each class is given.

    Args:
        counts: Counts (C, C), rows are true classes.

    Returns:
        Percent (C, C); rows sum to 100, those without a label are NaN.
    """
    total = counts.sum(1, keepdims=True).astype(float)
    total[total == 0] = np.nan
    return 100 * counts / total


def _classes(drawn: np.ndarray, difference: bool) -> list[int]:
    num = len(drawn)
    if num <= MOST_CLASSES:
        return list(range(num))
    recall = drawn.diagonal()
    worth = -np.abs(recall) if difference else recall
    present = [c for c in np.argsort(worth, kind='stable').tolist()
               if not np.isnan(recall[c])]  # fmt: skip
    return sorted(present[:SHOWN])


def _write_numbers(
    axis: Axes, values: np.ndarray, reach: float, signed: bool
) -> None:
    for (row, column), value in np.ndenumerate(values):
        if np.isnan(value) or abs(value) < 0.5:
            continue
        axis.text(
            column,
            row,
            f'{value:+.0f}' if signed else f'{value:.0f}',
            ha='center',
            va='center',
            fontsize=SMALL,
            color='white' if abs(value) > 0.6 * reach else 'black',
        )


def _table(
    counts: Mapping[str, np.ndarray],
    shares: Sequence[np.ndarray],
    names: Sequence[str],
    unit: str,
) -> Table:
    columns = ['true class', 'predicted class']
    for name in counts:
        columns += [f'{name} ({unit})', f'{name} (% of the true class)']
    if len(shares) == 2:
        columns.append('difference (percentage points)')
    table = Table(tuple(columns))
    for row, column in np.ndindex(shares[0].shape):
        cells: list = [names[row], names[column]]
        for matrix, share in zip(counts.values(), shares, strict=True):
            cells += [int(matrix[row, column]), float(share[row, column])]
        if len(shares) == 2:
            cells.append(
                float(shares[1][row, column] - shares[0][row, column])
            )
        table.rows.append(tuple(cells))
    return table
