"""Where mixtures begin, and how far they move in an update (Eq. 8)."""

from collections.abc import Sequence

import torch
from torch import Tensor

from .moments import Parameters


def normal_quantiles(num: int, device: torch.device | None = None) -> Tensor:
    """Quantiles of the standard normal distribution, evenly spread (num,)."""
    place = torch.arange(num, device=device) + 0.5
    return torch.special.ndtri(place / num)


def initial_parameters(
    sums: Tensor,
    fresh: Tensor,
    parameters: Parameters,
    quantiles: Tensor,
    min_variance: float,
) -> Parameters:
    """Place the components of fresh mixtures over their samples.

    EM from components that lie far from the samples gives each of them the
    same share for ever, one wide Gaussian in the end. Here they start at the
    normal quantiles of the samples' mean and variance.

    Args:
        sums: Number of samples, their sum and that of their squares, float64
            (3, M).
        fresh: Mixtures that were never updated, bool (M,).
        parameters: Weights, means and variances, each (M, K).
        quantiles: See :func:`normal_quantiles`, (K,).
        min_variance: Floor of the variances.

    Returns:
        Parameters; new ones for fresh mixtures that have a sample.
    """
    count, total, squares = sums
    weights, means, variances = parameters
    mean = total / count
    variance = (squares / count - mean.square()).float()
    variance = variance.clamp(min=min_variance).unsqueeze(-1)
    spread = mean.float().unsqueeze(-1) + variance.sqrt() * quantiles
    fresh = (fresh & (count > 0)).unsqueeze(-1)
    return (
        weights,
        torch.where(fresh, spread, means),
        torch.where(fresh, variance, variances),
    )


def momentum_step(
    begin: Parameters,
    fitted: Parameters,
    takes_part: Tensor,
    counters: Tensor,
    sizes: Sequence[int],
    momentum: float,
    warmup: int,
) -> tuple[Tensor, Tensor]:
    """phi <- (1 - m^n) phi_T + m^n phi, with n the staleness (Alg. 1, 13-16).

    m is ``momentum * min(step / warmup, 1)``.

    Args:
        begin: Weights, means and variances before EM, each (M, K).
        fitted: Those after it.
        takes_part: Mixtures that had a sample, bool (M,).
        counters: Updates and staleness of all mixtures, and the step of each
            bank, int64 (2 M + banks).
        sizes: Mixtures of each bank.
        momentum, warmup: See :class:`.gmm.GaussianMixtureBank`.

    Returns:
        New parameters (3, M, K) and counters.
    """
    mixtures = len(takes_part)
    num_updates, staleness, steps = counters.split(
        [mixtures, mixtures, len(sizes)]
    )
    share = torch.full_like(steps, momentum, dtype=torch.float32)
    if warmup:
        share = share * (steps / warmup).clamp(max=1)
    share = torch.cat(
        [s.expand(size) for s, size in zip(share, sizes, strict=True)]
    )
    keep = share**staleness
    if not warmup:
        keep = keep.masked_fill(num_updates == 0, 0)
    keep = keep.unsqueeze(-1)
    old, new = torch.stack(begin), torch.stack(fitted)
    moved = keep * old + (1 - keep) * new
    parameters = torch.where(takes_part.unsqueeze(-1), moved, old)
    taking = torch.stack([t.any() for t in takes_part.split(list(sizes))])
    return parameters, torch.cat(
        [
            num_updates + takes_part,
            torch.where(takes_part, 1, staleness + 1),
            steps + taking,
        ]
    )
