"""Logits of chosen classes beside the anchors (Fig. 6 and 9 of BLDA)."""

import math
from collections.abc import Sequence

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from ...errors import UserValueError
from ..class_rows import OVER, UNDER
from .class_choice import most_biased
from .drawn import Drawn, Table, named_rows
from .model_logits import KINDS, POSITIVE, ModelLogits, bin_density, quantiles
from .page import SMALL, WIDTHS, new_figure, panels, printed, to_png

NEGATIVE_COLOUR = '#8C8C8C'
ANCHOR_STYLES = {POSITIVE: '--', 'negative': ':'}
BINS, CURVE_BINS = 60, 240
# share of a distribution beyond either end of the axis
TAIL = 0.002
# inches: of a row of panels, of what is above and below all
ROW_HEIGHT, MARGIN, NARROWEST = 0.75, 0.85, 1.3
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


@printed
def draw_logits(
    models: Sequence[ModelLogits],
    classes: Sequence[int] | None = None,
    count: int = 2,
    width: float = WIDTHS['column'],
) -> Drawn:
    """Histograms, mixtures and anchors of some classes, models side by side.

    A row for each class. The classes that the first model predicts too often
    are on the left where the page has room for two classes, the others on
    the right.

    Args:
        models: Of the same classes; the baseline first.
        classes: Numbers of the classes. Default: those of the largest bias
            of the first model.
        count: Classes of each end of its bias that are shown by default.
        width: Of the picture, in inches.

    Returns:
        The picture; the table of what is drawn, and with '_mixtures' that of
        the mixtures' parameters.

    Raises:
        ValueError: The models are of different classes, a class has no
            fitted mixtures, or no class has a bias.
    """
    drawn = _drawn_classes(models, classes, count)
    across = len(models) * max(int(width / NARROWEST / len(models)), 1)
    blocks = min(across // len(models), len(drawn))
    rows = math.ceil(len(drawn) / blocks)
    figure = new_figure(width, MARGIN + ROW_HEIGHT * rows)
    axes = panels(
        figure, rows, blocks * len(models), sharex=True, sharey=False
    )
    low, high = _span(models, drawn)
    table, mixtures = Table(COLUMNS), Table(MIXTURE_COLUMNS)
    for place in range(rows * blocks):
        block, row = divmod(place, rows)
        line = axes[row][block * len(models) : (block + 1) * len(models)]
        if place >= len(drawn):
            for axis in line:
                axis.set_visible(False)
            continue
        for axis, model in zip(line, models, strict=True):
            _panel(axis, model, drawn[place], (low, high), table, mixtures)
        top = max(axis.get_ylim()[1] for axis in line)
        for axis in line:
            axis.set_ylim(0, top)
        line[0].set_ylabel('density')
        for axis in line[1:]:
            axis.tick_params(labelleft=False)
    for column in range(blocks * len(models)):
        there = [line[column] for line in axes if line[column].get_visible()]
        there[-1].tick_params(labelbottom=True)
        there[-1].set_xlabel('logit')
    for i, axis in enumerate(axes[0] if len(models) > 1 else ()):
        axis.annotate(
            models[i % len(models)].name,
            (0.5, 1),
            xycoords='axes fraction',
            xytext=(0, 12),
            textcoords='offset points',
            ha='center',
            fontweight='bold',
        )
    for model in models:
        _add_anchors(model, mixtures)
    has_samples = any(model.samples is not None for model in models)
    figure.legend(
        handles=_legend(has_samples),
        loc='outside upper center',
        ncols=2 if width < 5 else 4,
    )
    return Drawn(to_png(figure), {'': table, '_mixtures': mixtures})


def _drawn_classes(
    models: Sequence[ModelLogits], classes: Sequence[int] | None, count: int
) -> list[int]:
    """The classes that are drawn, over-predicted ones first."""
    first = models[0]
    for model in models[1:]:
        if list(model.classes) != list(first.classes):
            raise UserValueError(
                f'Expected models of the same classes, but {first.name} has '
                f'{", ".join(first.classes)} and {model.name} '
                f'{", ".join(model.classes)}'
            )
    fitted = first.fitted
    for model in models[1:]:
        fitted &= model.fitted
    if classes is None:
        over, under = most_biased(first.bias, count, fitted)
        if not over + under:
            raise UserValueError(
                'no class has a bias and enough labelled pixels for mixtures '
                f'of its logits ({first.name}): nothing to draw'
            )
        return over + under
    unfitted = [first.classes[c] for c in classes if not fitted[c]]
    if unfitted:
        raise UserValueError(
            f'{", ".join(unfitted)}: too few labelled pixels for mixtures '
            'of the logits; leave out, or name others with --classes'
        )
    return list(classes)


def _span(
    models: Sequence[ModelLogits], classes: Sequence[int]
) -> tuple[float, float]:
    """Ends of the axis of logits, for all panels."""
    parameters = [
        p
        for model in models
        for kind in KINDS
        for p in (
            model.anchor(kind),
            *(model.mixture(c, kind) for c in classes if _has(model, kind)),
        )
    ]
    ends = [quantiles(p, TAIL, 1 - TAIL) for p in parameters]
    return min(e[0] for e in ends), max(e[1] for e in ends)


def _has(model: ModelLogits, kind: str) -> bool:
    """Whether there are others than a single class."""
    return kind == POSITIVE or int(model.fitted.sum()) > 1


def _panel(
    axis: Axes,
    model: ModelLogits,
    c: int,
    span: tuple[float, float],
    table: Table,
    mixtures: Table,
) -> None:
    """Draw the distributions of a class, and note what is drawn."""
    edges, fine = (np.linspace(*span, n + 1) for n in (BINS, CURVE_BINS))
    own = OVER if model.bias[c] > 0 else UNDER
    colours = dict(zip(KINDS, (own, NEGATIVE_COLOUR), strict=True))
    for kind in reversed(KINDS):  # grey lies behind
        if not _has(model, kind):
            continue
        name = model.name, model.classes[c], kind
        if model.samples is not None:
            density = model.histogram(c, kind, edges)
            axis.stairs(
                density, edges, fill=True, color=colours[kind], alpha=0.45
            )
            table.rows += named_rows(
                (*name, 'histogram'), edges[:-1], edges[1:], density
            )
        parameters = model.mixture(c, kind)
        curve = bin_density(parameters, fine)
        _curve(axis, fine, curve, color=colours[kind])
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


def _add_anchors(model: ModelLogits, mixtures: Table) -> None:
    for kind in KINDS:
        name = model.name, '', f'{kind} anchor'
        mixtures.rows += _components(name, model.anchor(kind))


def _legend(has_samples: bool) -> list[Artist]:
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
    for kind, style in ANCHOR_STYLES.items():
        label = f'{kind} anchor'
        entries.append(
            Line2D([], [], color='black', linestyle=style, label=label)
        )
    return entries
