"""Difficulty d of pixels in their own class (Eq. 10)."""

from collections.abc import Sequence

import torch
from torch import Tensor

from ..kernels import density
from ..mixtures.gmm import GaussianMixtureBank
from .reference.alignment import check_banks
from .tables.fused_lookup import reads_fused


def of_two_banks(banks: Sequence[GaussianMixtureBank]) -> list[Tensor]:
    """Banks as ``kernels.density`` takes them.

    Args:
        banks: One, which is then given twice, or two.
    """
    return [
        tensor
        for bank in (banks[0], banks[-1])
        for tensor in (*bank.parameters_, bank.num_updates)
    ]


@torch.no_grad()
def positive_cdf(
    logits: Tensor,
    labels: Tensor,
    bank: GaussianMixtureBank | Sequence[GaussianMixtureBank],
    ignore_index: int = 255,
    domain: Tensor | None = None,
    kernels: str = 'auto',
) -> tuple[Tensor, Tensor]:
    """Difficulty d = F_cc(z_c) of each pixel in its own class c (Eq. 10).

    Args:
        logits: (N, C, ...).
        labels: (N, ...).
        bank: Mixtures of shape (C, C), or one bank a domain.
        ignore_index: Label of pixels that are left out.
        domain: Index of each pixel's bank, (N, ...), bool or integer.
            Default: the first bank for all.
        kernels: What computes: see :func:`.tables.fused_lookup.reads_fused`.

    Returns:
        d, float32 (N, 1, ...), 0 where it means nothing; and where it means
        something, bool (N, 1, ...): a class is given, and its positive
        distribution has been fitted.

    Example:
        >>> bank = GaussianMixtureBank((2, 2))
        >>> _ = bank.num_updates.fill_(1)  # as if it had been fitted
        >>> logits = torch.tensor([[0.0, 5.0], [0.0, 5.0]])
        >>> positive_cdf(logits, torch.tensor([0, 1]), bank)[0]
        tensor([[0.5000],
                [1.0000]])
    """
    banks = [bank] if isinstance(bank, GaussianMixtureBank) else list(bank)
    num_classes = logits.shape[1]
    for each in banks:
        check_banks(each, num_classes=num_classes)
    if len(banks) < 3 and reads_fused(logits, kernels):
        return density.positive_cdf(
            logits.detach(), labels, domain, of_two_banks(banks), ignore_index
        )
    known = (labels >= 0) & (labels < num_classes)
    known &= labels != ignore_index
    label = torch.where(known, labels, 0).long()
    z = logits.detach().float().gather(1, label.unsqueeze(1)).squeeze(1)
    row = label if domain is None else label + num_classes * domain.long()
    row = row.flatten().to(torch.int32)
    weights, means, variances = (
        torch.cat([p.diagonal() for p in each], dim=1)  # (K, rows)
        for each in zip(*(b.parameters_ for b in banks), strict=True)
    )
    half, scale = weights / 2, (2 * variances).rsqrt()
    flat = z.flatten()
    cdf = torch.zeros_like(flat)
    phi, own = torch.empty_like(flat), torch.empty_like(flat)
    # component by component, so that no (pixels, K) tensor is gathered; and
    # by index_select, several times as fast as indexing on CPUs
    for k in range(len(weights)):
        torch.index_select(means[k], 0, row, out=own)
        torch.sub(flat, own, out=phi)
        phi.mul_(torch.index_select(scale[k], 0, row, out=own)).erf_().add_(1)
        torch.index_select(half[k], 0, row, out=own)
        cdf.addcmul_(phi, own)
    fitted = torch.cat([b.num_updates.diagonal() > 0 for b in banks])
    valid = known & fitted.index_select(0, row).view_as(known)
    return (cdf.view_as(z) * valid).unsqueeze(1), valid.unsqueeze(1)
