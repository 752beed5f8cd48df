"""What the mixtures of a class say of its own logit, in one number."""

import torch
from torch import Tensor

from ..mixtures.gmm import GaussianMixtureBank
from .online import LogitStatistics

# quantiles of each component: offsets may jump, which smooth rules miss
_NODES = 31


@torch.no_grad()
def positive_means(bank: GaussianMixtureBank) -> Tensor:
    """Mean of each class's own logit on pixels of that class.

    Args:
        bank: Mixtures of shape (C, C).

    Returns:
        The mean of P_cc, (C,); NaN where it was never fitted.
    """
    weights, means, _ = _positive(bank)
    fitted = bank.num_updates.diagonal() > 0
    return (weights * means).sum(-1).masked_fill(~fitted, torch.nan)


@torch.no_grad()
def positive_offsets(
    statistics: LogitStatistics, of_target: bool = False
) -> Tensor:
    """Mean offset of each class's own logit on pixels of that class.

    The integral of Delta_cc(z) over P_cc (Eq. 6 and 9), at quantiles of each
    component, of the offsets that training looks up.

    Args:
        statistics: Of a loss.
        of_target: Whether of the target, or of the source.

    Returns:
        Mean offsets, (C,): positive where training lowers the logit; NaN
        where P_cc was never fitted.
    """
    bank = statistics.target if of_target else statistics.source
    weights, means, variances = _positive(bank)
    ends = torch.arange(_NODES, device=means.device)
    nodes = torch.special.ndtri((ends + 0.5) / _NODES)
    z = means.unsqueeze(-1) + variances.sqrt().unsqueeze(-1) * nodes
    z = z.flatten(1)  # (C, K * nodes)
    classes = torch.arange(len(z), device=z.device)
    classes = classes.unsqueeze(1).expand_as(z).reshape(-1)
    logits = torch.zeros(len(classes), len(z), device=z.device)
    logits.scatter_(1, classes.unsqueeze(1), z.reshape(-1, 1))
    domain = torch.full_like(classes, of_target, dtype=torch.bool)
    offset = statistics.offset(logits, classes, domain, ignore_index=-1)
    offset = offset.gather(1, classes.unsqueeze(1)).view(*means.shape, -1)
    mean = (offset.mean(-1) * weights).sum(-1)
    fitted = bank.num_updates.diagonal() > 0
    return mean.masked_fill(~fitted, torch.nan)


def _positive(bank: GaussianMixtureBank) -> tuple[Tensor, ...]:
    """Parameters of P_cc, each (C, K)."""
    return tuple(p.diagonal().T for p in bank.parameters_)
