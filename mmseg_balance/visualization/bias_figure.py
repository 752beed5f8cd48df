"""Bars of the bias towards each class (Fig. 1d of the BLDA paper)."""

from collections.abc import Sequence

import numpy as np
from matplotlib.patches import Patch
from torch import Tensor

from ..errors import UserValueError
from .class_rows import OVER, UNDER, ClassRows

PALE = 0.4
# of many classes, those at either end are told apart by their bars
ENDS = 19


def bias_bars(
    classes: Sequence[str], bias: Tensor, mixture_bias: Tensor | None = None
) -> bytes:
    """Bars of Bias(l) by Eq. 4 and, thin and pale, by Eq. 5.

    Args:
        classes: Names of the C classes.
        bias: Bias by Eq. 4 (C,), between -1 and 1, by which the rows are
            sorted; classes of NaN are left out, and named below. Of more
            than 38 classes, 19 at either end are drawn.
        mixture_bias: Bias by Eq. 5 (C,); a class of NaN gets no such bar.

    Returns:
        The picture, as PNG; bars in percentage points.

    Raises:
        ValueError: The numbers of classes differ, or all biases are NaN.
    """
    if mixture_bias is not None and mixture_bias.shape != bias.shape:
        raise UserValueError(
            'Expected `mixture_bias` to be of the shape of `bias`, '
            f'{tuple(bias.shape)}, but got {tuple(mixture_bias.shape)}'
        )
    figure = ClassRows(classes, bias, ends=ENDS)
    measured = 100 * bias.double().cpu().numpy()
    # values, place in the row, height, opacity
    series = [(measured, 0, 0.7, 1)]
    if mixture_bias is not None:
        modelled = 100 * mixture_bias.double().cpu().numpy()
        series = [(measured, -0.14, 0.48, 1), (modelled, 0.26, 0.24, PALE)]
    place = series[0][1]
    for axis, part in figure.columns:
        rows = np.arange(len(part))
        for values, shift, height, alpha in series:
            axis.barh(
                rows + shift,
                values[part],
                height,
                color=np.where(values[part] > 0, OVER, UNDER),
                alpha=alpha,
            )
        for row, value in zip(rows, measured[part], strict=True):
            axis.annotate(
                f'{value:+.2f}',
                (value, row + place),
                xytext=(3 if value > 0 else -3, 0),
                textcoords='offset points',
                ha='left' if value > 0 else 'right',
                va='center',
                fontsize=7,
            )
        axis.axvline(0, color='black', linewidth=0.8)

    legend = [
        Patch(color=OVER, label='over-predicted'),
        Patch(color=UNDER, label='under-predicted'),
    ]
    if mixture_bias is not None:
        legend += [
            Patch(color='black', label='of the predictions (Eq. 4)'),
            Patch(
                color='black',
                alpha=PALE,
                label='of the mixtures of logits (Eq. 5)',
            ),
        ]
    ends = np.concatenate([values[figure.order] for values, *_ in series])
    low, high = min(np.nanmin(ends), 0), max(np.nanmax(ends), 0)
    room = 0.15 * max(high - low, 0.01)  # for the numbers
    return figure.png(
        'Bias (percentage points)', (low - room, high + room), legend
    )
