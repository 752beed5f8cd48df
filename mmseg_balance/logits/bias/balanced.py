"""Bias by Eq. 5 of predictions that are balanced post hoc (Eq. 7)."""

from collections.abc import Sequence

import torch
from torch import Tensor

from ..mixtures.gmm import GaussianMixtureBank
from ..offsets.tables.table import OffsetTable
from ..post_hoc.scores import tau_scores

# Pixels that are drawn in all: a bias over C classes is then right to 0.14
# points at most (one standard error), to 0.06 where it is 1 / 19.
DRAWS = 2**17
# Offsets that are looked up for them, C^2 a pixel.
_LARGEST = 2**28


@torch.no_grad()
def balanced_bias(
    bank: GaussianMixtureBank,
    table: OffsetTable,
    taus: Sequence[float],
    domain: int = 0,
    draws: int | None = None,
    seed: int = 0,
) -> Tensor:
    """Bias(l) of Eq. 4 with P(l | c) from the mixtures, for several tau.

    As ``mixture_bias``, but for the class that Eq. 7 predicts: logits of
    class c are drawn from P_cl, independent of each other as in Eq. 5, and
    what is predicted of them is counted. All tau see the same draws.

    Args:
        bank: Mixtures of shape (C, C).
        table: Offsets, those of the bank among them.
        taus: Scales of the offset, T of them.
        domain: Index of the bank in the table.
        draws: Pixels in all. Default: 131072, fewer from 46 classes on.
        seed: Of the draws.

    Returns:
        Bias, float64 (T, C) on the CPU. Classes whose row was never fitted
        are left out as in ``mixture_bias``.

    Example:
        >>> bank, anchors = (GaussianMixtureBank(s) for s in ((2, 2), (2,)))
        >>> for each in (bank, anchors):
        ...     _ = each.num_updates.fill_(1)
        >>> bank.means[:, 0] += 1.0  # logit 0 is larger for both classes
        >>> table = OffsetTable.build([bank], anchors)
        >>> balanced_bias(bank, table, [0.0, 1.0]).abs().round(decimals=2)
        tensor([[0.2000, 0.2000],
                [0.0000, 0.0000]], dtype=torch.float64)
    """
    num_classes = bank.shape[0]
    if draws is None:
        draws = min(DRAWS, max(_LARGEST // num_classes**2, 16 * num_classes))
    fitted = (bank.num_updates > 0).all(1).cpu()
    rows = fitted.nonzero().flatten().tolist()
    each = max(draws // max(len(rows), 1), 1)
    generator = torch.Generator().manual_seed(seed)
    total = torch.zeros(len(taus), num_classes, dtype=torch.float64)
    for c in rows:
        parameters = [p[c].float().cpu() for p in bank.parameters_]
        logits = _draw(parameters, each, generator).to(bank.means.device)
        found = tau_scores(logits.unsqueeze(0), table, taus, domain)
        for i, labels in enumerate(found.flatten(1).cpu()):
            total[i] += labels.bincount(minlength=num_classes) / each
    num_fitted = max(len(rows), 1)
    bias = total / num_fitted - 1 / num_fitted
    return bias.masked_fill(~fitted, torch.nan)


def _draw(
    parameters: Sequence[Tensor], num: int, generator: torch.Generator
) -> Tensor:
    """Draws from mixtures (L, K), float32 (L, num)."""
    weights, means, variances = parameters
    which = torch.multinomial(weights, num, True, generator=generator)
    noise = torch.randn(which.shape, generator=generator)
    return means.gather(1, which) + variances.sqrt().gather(1, which) * noise
