"""Logits and bias of each class, sorted alike (Fig. 1c and 1d of BLDA)."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from torch import Tensor

from ....errors import UserValueError
from ...class_rows import OVER, UNDER
from ..drawn import Drawn, Table, named_rows
from ..page import WIDTHS, new_figure, panels, printed, to_png
from .bias_tables import bias_order, bias_table, class_medians, rank_table
from .model_logits import KINDS, POSITIVE, ModelLogits, bin_density, quantiles
from .style import (
    ANCHOR_STYLES,
    NEGATIVE_COLOUR,
    TAIL,
    anchor_entries,
    own_colour,
)

BINS = 240
# with more classes, those at either end of the order are drawn
MOST_ROWS, ROWS_AN_END = 40, 15
# inches; and heights in rows
ROW_HEIGHT, MARGIN = 0.155, 1.1
PEAK, FOOT, TICK = 0.85, 0.42, 0.4
CURVE_COLUMNS = (
    'class',
    'distribution',
    'bin_low (logit)',
    'bin_high (logit)',
    'density (1/logit)',
    'height (share of the peak)',
)


@printed
def draw_bias(
    model: ModelLogits,
    mixture_bias: Tensor,
    classes: Sequence[int] | None = None,
    width: float = WIDTHS['column'],
) -> Drawn:
    """Rows of classes by falling bias: their logits, and the bias.

    Args:
        model: The model.
        mixture_bias: Bias (C,) by Eq. 5, between -1 and 1; NaN where there
            are no mixtures.
        classes: Numbers of the classes that have a row. Default: all; of
            more than 40 the 15 at either end.
        width: Of the picture, in inches.

    Returns:
        The picture; tables of all classes, with '_distributions' of the
        curves, and with '_ranks' of how the ranks of the bias agree with
        those of the logits.

    Raises:
        ValueError: No class has a bias.
    """
    order = bias_order(model)
    shown = [c for c in order if classes is None or c in classes]
    if not shown:
        raise UserValueError(
            f'{model.name}: none of the classes to draw has a labelled pixel'
        )
    gap = 0
    if classes is None and len(shown) > MOST_ROWS:
        gap = len(shown) - 2 * ROWS_AN_END
        shown = shown[:ROWS_AN_END] + shown[-ROWS_AN_END:]
    places = np.arange(len(shown), dtype=float)
    places[ROWS_AN_END:] += 1 if gap else 0

    height = MARGIN + ROW_HEIGHT * (places[-1] + 1)
    figure = new_figure(width, height)
    ((left, right),) = panels(figure, 1, 2, sharey=True, width_ratios=(3, 2))
    curves = _ridges(left, model, shown, places)
    _bars(right, model, mixture_bias, shown, places)
    left.set_yticks(places, [model.classes[c] for c in shown])
    left.set_ylim(places[-1] + 0.6, -0.7)
    if gap:
        left.text(
            0.5,
            ROWS_AN_END,
            f'... {gap} classes between ...',
            transform=left.get_yaxis_transform(),
            ha='center',
            va='center',
            fontstyle='italic',
        )
    for axis in (left, right):
        axis.tick_params(axis='y', length=0)
        axis.spines['left'].set_visible(False)
        axis.grid(axis='x')
    figure.legend(
        handles=_legend(),
        loc='outside upper center',
        ncols=2 if width < 5 else 5,
    )
    medians = class_medians(model)
    tables = {
        '': bias_table(model, mixture_bias, medians, order, shown),
        '_distributions': curves,
        '_ranks': rank_table(model, mixture_bias, medians),
    }
    return Drawn(to_png(figure), tables)


def _ridges(
    axis: Axes, model: ModelLogits, shown: Sequence[int], places: np.ndarray
) -> Table:
    """Curves in the rows, and the table of them."""
    fitted = model.fitted
    mixtures = {
        (c, kind): model.mixture(c, kind)
        for c in shown
        if fitted[c]
        for kind in model.kinds
    }
    table = Table(CURVE_COLUMNS)
    anchors = {kind: model.anchor(kind) for kind in KINDS}
    ends = [
        quantiles(p, TAIL, 1 - TAIL)
        for p in (*mixtures.values(), *anchors.values())
    ]
    edges = np.linspace(
        min(e[0] for e in ends), max(e[1] for e in ends), BINS + 1
    )
    middle = (edges[1:] + edges[:-1]) / 2
    for c, place in zip(shown, places, strict=True):
        if not fitted[c]:
            axis.text(
                edges[0], place, 'too few pixels', va='center', color='#666666'
            )
        for kind in model.kinds[::-1] if fitted[c] else ():  # grey lies behind
            colour = NEGATIVE_COLOUR
            if kind == POSITIVE:
                colour = own_colour(float(model.bias[c]))
            density = bin_density(mixtures[c, kind], edges)
            height = density / density.max()
            foot = place + FOOT
            top = foot - PEAK * height
            axis.fill_between(
                middle, foot, top, color=colour, alpha=0.45, linewidth=0
            )
            axis.plot(middle, top, color=colour, linewidth=0.6)
            median = quantiles(mixtures[c, kind], 0.5)[0]
            axis.plot(
                [median] * 2, [foot, foot - TICK], color=colour, linewidth=1.5
            )
            table.rows += named_rows(
                (model.classes[c], kind),
                edges[:-1],
                edges[1:],
                density,
                height,
            )
    for kind, style in ANCHOR_STYLES.items():
        median = quantiles(anchors[kind], 0.5)[0]
        axis.axvline(median, color='black', linestyle=style, linewidth=0.8)
        table.rows.append(
            ('', f'median of the {kind} anchor', median, median, None, None)
        )
    axis.set_xlim(edges[0], edges[-1])
    axis.set_xlabel('logit')
    return table


def _bars(
    axis: Axes,
    model: ModelLogits,
    mixture_bias: Tensor,
    shown: Sequence[int],
    places: np.ndarray,
) -> None:
    values = 100 * model.bias[shown].double().numpy()
    colours = np.where(values > 0, OVER, UNDER)
    axis.barh(places, values, 0.7, color=colours)
    axis.plot(
        100 * mixture_bias[shown].double().cpu().numpy(),
        places,
        'o',
        color='black',
        markersize=2,
    )
    axis.axvline(0, color='black', linewidth=0.6)
    axis.set_xlabel('bias (points)')


def _legend() -> list:
    return [
        Patch(color=OVER, label='over-predicted'),
        Patch(color=UNDER, label='under-predicted'),
        Patch(color=NEGATIVE_COLOUR, alpha=0.6, label='other pixels'),
        *anchor_entries(),
        Line2D(
            [], [], color='black', marker='o', markersize=2, linewidth=0,
            label='bias by Eq. 5',
        ),
    ]  # fmt: skip
