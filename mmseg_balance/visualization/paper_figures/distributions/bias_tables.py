"""Tables of the bias of each class, and how its ranks agree with others."""

import math
from collections.abc import Sequence

from torch import Tensor

from ....evaluation.bias_assessment import rank_correlation
from ..drawn import Table
from .model_logits import KINDS, NEGATIVE, POSITIVE, ModelLogits, quantiles

COLUMNS = (
    'class',
    'rank',
    'drawn',
    'bias, Eq. 4 (percentage points)',
    'bias, Eq. 5 (percentage points)',
    'median of positive logits (logit)',
    'median of negative logits (logit)',
)
RANK_COLUMNS = ('quantity', 'rank correlation with bias, Eq. 4', 'classes')


def bias_order(model: ModelLogits) -> list[int]:
    """Classes of a known bias, by falling bias."""
    order = model.bias.argsort(descending=True, stable=True).tolist()
    return [c for c in order if not math.isnan(model.bias[c])]


def class_medians(model: ModelLogits) -> dict[str, Tensor]:
    """Medians (C,) of each distribution; NaN of classes without."""
    unknown = model.bias.new_full((len(model.classes),), math.nan)
    medians = {kind: unknown.clone() for kind in KINDS}
    for kind in model.kinds:
        for c in model.fitted.nonzero()[:, 0].tolist():
            medians[kind][c] = quantiles(model.mixture(c, kind), 0.5)[0]
    return medians


def bias_table(
    model: ModelLogits,
    mixture_bias: Tensor,
    medians: dict[str, Tensor],
    order: Sequence[int],
    shown: Sequence[int],
) -> Table:
    """All classes by falling bias, those without one last."""
    table = Table(COLUMNS)
    unknown = [c for c in range(len(model.classes)) if c not in order]
    for rank, c in enumerate([*order, *unknown], 1):
        table.rows.append(
            (
                model.classes[c],
                rank if c in order else None,
                'yes' if c in shown else 'no',
                100 * float(model.bias[c]),
                100 * float(mixture_bias[c]),
                *(float(medians[kind][c]) for kind in KINDS),
            )
        )
    return table


def rank_table(
    model: ModelLogits, mixture_bias: Tensor, medians: dict[str, Tensor]
) -> Table:
    """Spearman's rank correlations of the bias, over classes with both."""
    table = Table(RANK_COLUMNS)
    for name, values in (
        ('bias, Eq. 5', mixture_bias),
        ('median of positive logits', medians[POSITIVE]),
        ('median of negative logits', medians[NEGATIVE]),
    ):
        both = ~(model.bias.isnan() | values.cpu().isnan())
        correlation = rank_correlation(model.bias, values.cpu())
        table.rows.append((name, correlation, int(both.sum())))
    return table
