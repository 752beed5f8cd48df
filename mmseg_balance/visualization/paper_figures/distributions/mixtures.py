"""Estimated mixtures, a cell for each pair of classes (Fig. 7, 8 of BLDA)."""

from collections.abc import Sequence

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from ....logits.mixtures.em import Parameters
from ...class_rows import OVER, UNDER
from ..class_choice import most_biased
from ..drawn import Drawn, Table, named_rows
from ..page import WIDTHS, new_figure, panels, printed, to_png
from .model_logits import (
    KINDS,
    NEGATIVE,
    POSITIVE,
    ModelLogits,
    bin_density,
    quantiles,
)
from .style import TAIL, own_colour

# of more classes the most biased are drawn
MOST_CLASSES, AN_END = 24, 6
BINS = 60
OTHERS, ANCHOR, EMPTY = '#444444', '#C8C8C8', '#F3F3F3'
# of a cell, between its curves and the next
ROOM = 0.06
COLUMNS = (
    'pixels_of',
    'logit_of',
    'component',
    'weight',
    'mean (logit)',
    'std (logit)',
    'updates',
)
CURVE_COLUMNS = (
    'pixels_of',
    'logit_of',
    'bin_low (logit)',
    'bin_high (logit)',
    'density (1/logit)',
    'height (share of the peak)',
)


@printed
def draw_mixtures(
    model: ModelLogits,
    classes: Sequence[int] | None = None,
    span: tuple[float, float] | None = None,
    width: float = WIDTHS['text'],
) -> Drawn:
    """A matrix of the mixtures of logit l on the pixels of class c.

    Each curve is as high as its cell. Behind it, in grey, is the anchor that
    it would follow in a balanced model.

    Args:
        model: Mixtures and anchors; samples are not drawn.
        classes: Numbers of the classes. Default: all; of more than 24 the 6
            of the largest bias of either sign.
        span: Ends of the axis of logits of each cell. Default: where the
            mixtures are.
        width: Of the picture, in inches.

    Returns:
        The picture; the table of the mixtures' parameters, and with
        '_curves' that of what is drawn.
    """
    if classes is None:
        classes = range(len(model.classes))
        if len(classes) > MOST_CLASSES:
            over, under = most_biased(model.bias, AN_END, model.fitted)
            classes = over + under[::-1]
    num = len(classes)
    updates = model.bank.num_updates.cpu()
    pairs = [(r, k) for r in range(num) for k in range(num)]
    mixtures = {
        (r, k): _mixture(model, classes[r], classes[k])
        for r, k in pairs
        if updates[classes[r], classes[k]] > 0
    }
    anchors = {kind: model.anchor(kind) for kind in KINDS}
    if span is None:
        span = _span([*mixtures.values(), *anchors.values()])
    edges = np.linspace(*span, BINS + 1)

    figure = new_figure(width, width)
    ((axis,),) = panels(figure, 1, 1)
    axis.set_xlim(0, num)
    table, curves = Table(COLUMNS), Table(CURVE_COLUMNS)
    heights = {
        kind: _height(bin_density(anchors[kind], edges)) for kind in KINDS
    }
    for r, k in pairs:
        kind = POSITIVE if r == k else NEGATIVE
        if (r, k) not in mixtures:
            axis.fill_between([k, k + 1], r, r + 1, color=EMPTY, linewidth=0)
            continue
        _cell(axis, r, k, edges, heights[kind], color=ANCHOR, fill=True)
        density = bin_density(mixtures[r, k], edges)
        height = _height(density)
        colour = OTHERS
        if r == k:
            colour = own_colour(float(model.bias[classes[r]]))
        _cell(axis, r, k, edges, height, color=colour)
        name = model.classes[classes[r]], model.classes[classes[k]]
        curves.rows += named_rows(name, edges[:-1], edges[1:], density, height)
        _note(
            table, name, mixtures[r, k], int(updates[classes[r], classes[k]])
        )
    for kind in KINDS:
        name = f'{kind} anchor', ''
        density = bin_density(anchors[kind], edges)
        curves.rows += named_rows(
            name, edges[:-1], edges[1:], density, heights[kind]
        )
        _note(table, name, anchors[kind], None)
    _names(axis, [model.classes[c] for c in classes])
    axis.set_xlabel(
        f'logit of class l, {span[0]:.3g} to {span[1]:.3g} in each cell'
    )
    figure.legend(
        handles=_legend(len(mixtures) < num**2),
        loc='outside upper center',
        ncols=2 if width < 5 else 5,
    )
    return Drawn(to_png(figure), {'': table, '_curves': curves})


def _mixture(model: ModelLogits, c: int, logit: int) -> Parameters:
    weights, means, variances = (
        p[c, logit].cpu().double() for p in model.bank.parameters_
    )
    return weights, means, variances


def _span(parameters: Sequence[Parameters]) -> tuple[float, float]:
    ends = torch.tensor([quantiles(p, TAIL, 1 - TAIL) for p in parameters])
    return float(ends[:, 0].min().floor()), float(ends[:, 1].max().ceil())


def _height(density: np.ndarray) -> np.ndarray:
    return density / max(density.max(), 1e-12)


def _cell(
    axis: Axes,
    row: int,
    column: int,
    edges: np.ndarray,
    height: np.ndarray,
    color: str,
    fill: bool = False,
) -> None:
    """A curve in a cell; rows go down."""
    middle = (edges[1:] + edges[:-1]) / 2
    share = (middle - edges[0]) / (edges[-1] - edges[0])
    x = column + ROOM + (1 - 2 * ROOM) * share
    foot = row + 1 - ROOM
    y = foot - (1 - 2 * ROOM) * height
    if fill:
        axis.fill_between(x, foot, y, color=color, linewidth=0)
    else:
        # of small cells the curves are close
        size = axis.figure.get_figwidth() / axis.get_xlim()[1]
        axis.plot(x, y, color=color, linewidth=0.8 if size > 0.25 else 0.5)


def _note(
    table: Table,
    name: tuple[str, str],
    parameters: Parameters,
    updates: int | None,
) -> None:
    weights, means, variances = parameters
    numbers = range(1, len(weights) + 1)
    table.rows += [
        (*row, updates)
        for row in named_rows(name, numbers, weights, means, variances.sqrt())
    ]


def _names(axis: Axes, names: Sequence[str]) -> None:
    """Names of the rows on the left, of the columns above."""
    places = np.arange(len(names)) + 0.5
    axis.set_ylim(len(names), 0)
    axis.set_aspect('equal')
    axis.set_yticks(places, names)
    axis.set_ylabel('pixels of class c')
    axis.set_xticks(places, names, rotation=90)
    axis.tick_params(length=0, bottom=False, labelbottom=False, labeltop=True)
    lines = np.arange(len(names) + 1)
    for draw in (axis.vlines, axis.hlines):
        draw(lines, 0, len(names), color='#BBBBBB', linewidth=0.4)
    for spine in axis.spines.values():
        spine.set_visible(False)


def _legend(has_gaps: bool) -> list:
    entries: list = [
        Line2D([], [], color=OVER, label='own class, over-predicted'),
        Line2D([], [], color=UNDER, label='own class, under-predicted'),
        Line2D([], [], color=OTHERS, label='other class'),
        Patch(color=ANCHOR, label='anchor'),
    ]
    if has_gaps:
        entries.append(
            Patch(
                facecolor=EMPTY,
                edgecolor='#BBBBBB',
                linewidth=0.4,
                label='never fitted',
            )
        )
    return entries
