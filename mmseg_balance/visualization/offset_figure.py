"""Offsets of each class beside how many of its pseudo-labels are right."""

import io
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from torch import Tensor

from .class_rows import DPI, OVER, UNDER

SOURCE_COLOUR = '#999999'
# inches
PANEL_WIDTH, ROW_HEIGHT, MARGIN = 3.2, 0.42, 1.5
# of more classes, those whose target offset is the largest either way
MOST_ROWS = 40
# key, label, colour and place in the row of each mark
MARKS = {
    'source_labelled': ('source, by label', SOURCE_COLOUR, -0.2),
    'target_right': ('target, right pseudo-labels', UNDER, 0.0),
    'target_wrong': ('target, wrong pseudo-labels', OVER, 0.2),
}
UNLABELLED_MARKS = {
    'source_predicted': ('source distributions', SOURCE_COLOUR, -0.1),
    'target_predicted': ('target distributions', UNDER, 0.1),
}
SHARES = {
    'precision': ('precision', UNDER, -0.2),
    'recall': ('recall', '#56B4E9', 0.0),
    'support_target': ('updates with the class', SOURCE_COLOUR, 0.2),
}
BIASES = {
    'bias': ('of the predictions (Eq. 4)', 'black', -0.2),
    'bias_source': ('source mixtures (Eq. 5)', SOURCE_COLOUR, 0.0),
    'bias_target': ('target mixtures (Eq. 5)', UNDER, 0.2),
}


def offset_figure(
    classes: Sequence[str], values: Mapping[str, Tensor], title: str = ''
) -> bytes:
    """Three panels with a row for each class, as they are numbered.

    Args:
        classes: Names of the C classes.
        values: Of ``evaluation.offsets.report.class_values``, (C,) each.
        title: Title of the figure.

    Returns:
        The picture, as PNG: mean and standard deviation of the offset of the
        own logit; shares of right pseudo-labels and of updates; and the
        bias. What is not among the values is left out.
    """
    rows = _rows(values, len(classes))
    figure = Figure(
        (3 * PANEL_WIDTH, MARGIN + ROW_HEIGHT * len(rows)),
        layout='constrained',
        dpi=DPI,
    )
    left, middle, right = figure.subplots(1, 3, sharey=True)
    marks = MARKS if 'target_right' in values else UNLABELLED_MARKS
    for key, (label, colour, place) in marks.items():
        left.errorbar(
            _numbers(values, key, rows),
            np.arange(len(rows)) + place,
            xerr=_numbers(values, f'{key}_std', rows),
            fmt='o',
            markersize=5,
            color=colour,
            label=label,
        )
    left.set_xlabel(
        'offset of the own logit, mean and std\n(positive: learnt higher)'
    )
    left.axvline(0, color='black', linewidth=0.8)
    _bars(middle, values, SHARES, rows)
    middle.set_xlabel('percent')
    middle.set_xlim(0, 100)
    _bars(right, values, BIASES, rows)
    right.set_xlabel('bias (percentage points)')
    right.axvline(0, color='black', linewidth=0.8)
    for axis in (left, middle, right):
        axis.grid(axis='x', alpha=0.3)
        axis.set_axisbelow(True)
        axis.spines[['top', 'right', 'left']].set_visible(False)
        axis.tick_params(axis='y', length=0)
        axis.legend(
            loc='lower left',
            bbox_to_anchor=(0, 1),
            frameon=False,
            fontsize=8,
        )
    left.set_yticks(range(len(rows)), [classes[i] for i in rows])
    left.set_ylim(len(rows) - 0.4, -0.6)
    if len(rows) < len(classes):
        title += f'; {len(rows)} of {len(classes)} classes'
    figure.suptitle(title, fontsize=9)
    out = io.BytesIO()
    FigureCanvasAgg(figure).print_png(out)
    return out.getvalue()


def _rows(values: Mapping[str, Tensor], num_classes: int) -> list[int]:
    """Classes that are drawn, in their order."""
    if num_classes <= MOST_ROWS:
        return list(range(num_classes))
    size = values['target_predicted'].abs().nan_to_num(0.0)
    return sorted(size.argsort(descending=True)[:MOST_ROWS].tolist())


def _numbers(
    values: Mapping[str, Tensor], key: str, rows: Sequence[int]
) -> np.ndarray:
    return values[key].double().cpu().numpy()[list(rows)]


def _bars(
    axis: Axes,
    values: Mapping[str, Tensor],
    bars: Mapping[str, tuple[str, str, float]],
    rows: Sequence[int],
) -> None:
    for key, (label, colour, place) in bars.items():
        if key in values:
            axis.barh(
                np.arange(len(rows)) + place,
                100 * _numbers(values, key, rows),
                0.18,
                color=colour,
                label=label,
            )
