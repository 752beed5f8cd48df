"""Distributions of the logits of each class (Fig. 1c of the BLDA paper)."""

from collections.abc import Sequence

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from torch import Tensor

from mmseg_balance.logits.mixtures.em import Parameters, mixture_cdf
from mmseg_balance.logits.mixtures.gmm import GaussianMixtureBank
from mmseg_balance.logits.offsets.reference.alignment import (
    check_banks,
    inverse_cdf,
)

from .class_rows import OVER, UNDER, ClassRows

NEGATIVE = '#8C8C8C'
ANCHORS = (('--', 'positive'), (':', 'negative'))
# bins of the axis, and the share of a distribution beyond either end of it
BINS, TAIL = 400, 0.002
# height of a peak, and where a row's curves stand, in rows
PEAK, FOOT = 0.85, 0.42


def logit_ridges(
    classes: Sequence[str],
    bias: Tensor,
    bank: GaussianMixtureBank,
    anchors: GaussianMixtureBank,
    unit: str = 'pixel',
) -> bytes:
    """Positive and negative logits of each class, a row for each.

    Logit l on the pixels of class l is in colour, on the pixels of the other
    classes, each of which counts the same, in grey. A curve's peak is as high
    as the row whatever its spread. The medians of the anchors are lines.

    Args:
        classes: Names of the C classes.
        bias: Bias (C,), between -1 and 1: sorts the rows, and its sign gives
            the colour. Classes of NaN are left out, and named below.
        bank: Mixtures (C, C); classes whose row was not fitted are left out
            as well.
        anchors: Bank of shape (2,), positive and negative.
        unit: What is classified, for the legend.

    Returns:
        The picture, as PNG.

    Raises:
        ValueError: The numbers of classes differ, or no class is left.
    """
    check_banks(bank, anchors, len(classes))
    figure = ClassRows(classes, bias, (bank.num_updates > 0).all(1))
    order = torch.tensor(figure.order)
    kinds = [_select(bank, order, order)]
    if len(order) > 1:  # grey lies behind
        kinds.insert(0, _negatives(bank, order))
    marks = _quantiles(_select(anchors, torch.arange(2)), 0.5)[:, 0]
    spans = [_quantiles(p, TAIL, 1 - TAIL).flatten() for p in kinds]
    ends = np.concatenate([*spans, marks - 0.2, marks + 0.2])
    edges = np.linspace(ends.min(), ends.max(), BINS + 1)
    middle = (edges[1:] + edges[:-1]) / 2
    curves = [_curves(edges, p) for p in kinds]
    medians = [_quantiles(p, 0.5)[:, 0] for p in kinds]

    row = 0
    for axis, part in figure.columns:
        for place, c in enumerate(part):
            own = OVER if bias[c] > 0 else UNDER
            colours = (NEGATIVE, own)[-len(kinds) :]
            for curve, median, colour in zip(
                curves, medians, colours, strict=True
            ):
                _draw(axis, place, middle, curve[row], median[row], colour)
            row += 1
        for mark, (style, _) in zip(marks, ANCHORS, strict=True):
            axis.axvline(mark, color='black', linestyle=style, linewidth=1)
    return figure.png('Logit', (edges[0], edges[-1]), _legend(unit))


def _draw(
    axis: Axes,
    row: int,
    z: np.ndarray,
    curve: np.ndarray,
    median: float,
    colour: str,
) -> None:
    """One curve, standing in a row, and a tick at its median."""
    foot = row + FOOT
    top = foot - PEAK * curve
    axis.fill_between(z, foot, top, color=colour, alpha=0.4, linewidth=0)
    axis.plot(z, top, color=colour, linewidth=0.8)
    axis.plot([median] * 2, [foot, foot - 0.35], color=colour, linewidth=2.5)


def _legend(unit: str) -> list:
    patches = (
        (OVER, f'own {unit}s of an over-predicted class'),
        (UNDER, f'own {unit}s of an under-predicted class'),
        (NEGATIVE, f'{unit}s of the other classes'),
    )
    return [
        *(Patch(color=c, alpha=0.6, label=label) for c, label in patches),
        Line2D([], [], color=NEGATIVE, linewidth=2.5, label='median'),
        *(
            Line2D(
                [],
                [],
                color='black',
                linestyle=style,
                linewidth=1,
                label=f'median of the {kind} anchor',
            )
            for style, kind in ANCHORS
        ),
    ]


def _select(bank: GaussianMixtureBank, *index: Tensor) -> Parameters:
    return tuple(p.cpu().double()[index] for p in bank.parameters_)


def _negatives(bank: GaussianMixtureBank, order: Tensor) -> Parameters:
    """For each c of ``order`` (R,) all P_c'c as one mixture, (R, (R - 1) K).

    Only the classes of ``order`` have a row of fitted mixtures.
    """
    num = len(order)
    others = ~torch.eye(num, dtype=torch.bool)
    label = order.expand(num, num)[others].view(num, num - 1)
    pooled = _select(bank, label, order[:, None])
    weights, means, variances = (p.flatten(1) for p in pooled)
    return weights / max(num - 1, 1), means, variances


def _quantiles(parameters: Parameters, *shares: float) -> np.ndarray:
    """Quantiles of mixtures (R, K), (R, len(shares))."""
    p = torch.tensor(shares, dtype=torch.float64)
    p = p.expand(len(parameters[0]), -1)
    return inverse_cdf(p, *parameters, clip=TAIL).numpy()


def _curves(edges: np.ndarray, parameters: Parameters) -> np.ndarray:
    """Share of mixtures (R, K) in each bin, largest 1, (R, BINS).

    A density at the middle of a bin could miss a component that is narrower
    than the bin, or be as high as a tower there.
    """
    z = torch.from_numpy(edges).repeat(len(parameters[0]), 1)
    mass = mixture_cdf(z, *parameters).diff(dim=1)
    return (mass / mass.amax(1, keepdim=True)).numpy()
