"""Logits of chosen classes beside the anchors (Fig. 6 and 9 of BLDA)."""

import math
from collections.abc import Sequence

from ....errors import UserValueError
from ..class_choice import most_biased
from ..drawn import Drawn, Table
from ..page import WIDTHS, new_figure, panels, printed, to_png
from .logits_panel import (
    COLUMNS,
    MIXTURE_COLUMNS,
    anchor_rows,
    draw_panel,
    logits_legend,
)
from .model_logits import KINDS, ModelLogits, quantiles
from .style import TAIL

# inches: of a row of panels, of what is above and below all
ROW_HEIGHT, MARGIN, NARROWEST = 0.75, 0.85, 1.3


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
            draw_panel(axis, model, drawn[place], (low, high), table, mixtures)
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
        mixtures.rows += anchor_rows(model)
    has_samples = any(model.samples is not None for model in models)
    figure.legend(
        handles=logits_legend(has_samples),
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
        for p in (
            *(model.anchor(kind) for kind in KINDS),
            *(model.mixture(c, kind) for c in classes for kind in model.kinds),
        )
    ]
    ends = [quantiles(p, TAIL, 1 - TAIL) for p in parameters]
    return min(e[0] for e in ends), max(e[1] for e in ends)
