"""The distributions of a class of a model, in a panel of a figure."""

import math
from collections.abc import Sequence

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from ...class_rows import OVER, UNDER
from ..drawn import Table, named_rows
from ..page import SMALL
from .model_logits import KINDS, POSITIVE, ModelLogits, bin_density
from .style import ANCHOR_STYLES, NEGATIVE_COLOUR, anchor_entries, own_colour

BINS, CURVE_BINS = 60, 240
COLUMNS = (
    'model',
    'class',
    'distribution',
    'drawn_as',
    'bin_low (logit)',
    'bin_high (logit)',
    'density (1/logit)',
)
MIXTURE_COLUMNS = (
    'model',
    'class',
    'distribution',
    'component',
    'weight',
    'mean (logit)',
    'std (logit)',
)


def draw_panel(
    axis: Axes,
    model: ModelLogits,
    c: int,
    span: tuple[float, float],
    table: Table,
    mixtures: Table,
) -> None:
    """Draw the distributions of a class, and note what is drawn.

    Args:
        axis: The panel.
        model: The model.
        c: A fitted class of it.
        span: Ends of the axis of logits.
        table: Gets a row for each bin of what is drawn (``COLUMNS``).
        mixtures: Gets the parameters (``MIXTURE_COLUMNS``).
    """
    edges, fine = (np.linspace(*span, n + 1) for n in (BINS, CURVE_BINS))
    own = own_colour(float(model.bias[c]))
    for kind in reversed(model.kinds):  # grey lies behind
        colour = own if kind == POSITIVE else NEGATIVE_COLOUR
        name = model.name, model.classes[c], kind
        if model.samples is not None:
            density = model.histogram(c, kind, edges)
            axis.stairs(density, edges, fill=True, color=colour, alpha=0.45)
            table.rows += named_rows(
                (*name, 'histogram'), edges[:-1], edges[1:], density
            )
        parameters = model.mixture(c, kind)
        curve = bin_density(parameters, fine)
        _curve(axis, fine, curve, color=colour)
        table.rows += named_rows(
            (*name, 'mixture'), fine[:-1], fine[1:], curve
        )
        mixtures.rows += _components(name, parameters)
    for kind in KINDS:
        curve = bin_density(model.anchor(kind), fine)
        style = dict(color='black', linestyle=ANCHOR_STYLES[kind])
        _curve(axis, fine, curve, linewidth=0.9, **style)
        table.rows += named_rows(
            (model.name, model.classes[c], kind, 'anchor'),
            fine[:-1],
            fine[1:],
            curve,
        )
    points = 100 * float(model.bias[c])
    told = '' if math.isnan(points) else f': bias {points:+.1f}'
    axis.set_title(
        model.classes[c] + told, loc='left', color=own, fontsize=SMALL
    )
    axis.set_xlim(span)
    axis.locator_params(axis='y', nbins=3)
    axis.set_ylim(bottom=0)
    axis.tick_params(labelbottom=False)


def _curve(
    axis: Axes, edges: np.ndarray, density: np.ndarray, **style: object
) -> None:
    axis.plot((edges[1:] + edges[:-1]) / 2, density, **style)


def _components(name: Sequence, parameters: Sequence) -> list[tuple]:
    weights, means, variances = parameters
    numbers = range(1, len(weights) + 1)
    return named_rows(name, numbers, weights, means, variances.sqrt())


def anchor_rows(model: ModelLogits) -> list[tuple]:
    """Parameters of the anchors of a model (``MIXTURE_COLUMNS``)."""
    return [
        row
        for kind in KINDS
        for row in _components(
            (model.name, '', f'{kind} anchor'), model.anchor(kind)
        )
    ]


def logits_legend(has_samples: bool) -> list[Artist]:
    """Entries of the legend of all panels."""
    words = (
        (OVER, 'own pixels, over-predicted class'),
        (UNDER, 'own pixels, under-predicted class'),
        (NEGATIVE_COLOUR, 'pixels of the other classes'),
    )
    entries: list[Artist] = [
        Patch(color=c, alpha=0.6, label=label) for c, label in words
    ]
    if has_samples:
        entries.append(
            Line2D([], [], color=NEGATIVE_COLOUR, label='fitted mixture')
        )
    return entries + anchor_entries()
