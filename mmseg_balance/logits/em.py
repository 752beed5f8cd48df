"""Gaussian mixtures in one dimension: CDF and EM, many at once (App. D).

Shapes: parameters are (*shape, K), points and samples (*shape, N).
"""

import math
from collections.abc import Callable

import torch
from torch import Tensor

# Added to each component's likelihood before it is normalised, so that a
# sample far from every component belongs to all of them alike (as released
# with BLDA).
LIKELIHOOD_FLOOR = 1e-7

Parameters = tuple[Tensor, Tensor, Tensor]
Reduce = Callable[[Tensor], Tensor]


def mixture_cdf(
    z: Tensor, weights: Tensor, means: Tensor, variances: Tensor
) -> Tensor:
    """Cumulative distribution F(z) of Gaussian mixtures (App. D).

    Args:
        z: Points, (*shape, N).
        weights: Mixing coefficients, (*shape, K).
        means: Means, (*shape, K).
        variances: Variances, (*shape, K).

    Returns:
        F at the points, (*shape, N), in [0, 1].
    """
    scale = (2 * variances).rsqrt()
    cdf = torch.zeros_like(z)
    # one component after the other: no temporary is larger than z
    for k in range(weights.shape[-1]):
        phi = (z - means[..., k, None]).mul_(scale[..., k, None]).erf_()
        cdf.addcmul_(phi.add_(1), weights[..., k, None], value=0.5)
    return cdf


def responsibilities(
    samples: Tensor, weights: Tensor, means: Tensor, variances: Tensor
) -> Tensor:
    """E step: share of each component in each sample, (*shape, K, N)."""
    # samples last: they are many, components few
    density = samples.unsqueeze(-2) - means.unsqueeze(-1)
    density.square_().mul_(-0.5 / variances.unsqueeze(-1)).exp_()
    density.mul_((weights / (2 * math.pi * variances).sqrt()).unsqueeze(-1))
    density.add_(LIKELIHOOD_FLOOR)
    return density.div_(density.sum(-2, keepdim=True))


def em_step(
    samples: Tensor,
    parameters: Parameters,
    valid: Tensor | None = None,
    min_variance: float = 1e-4,
    reduce: Reduce | None = None,
) -> Parameters:
    """One EM loop for every mixture at once.

    Args:
        samples: (*shape, N).
        parameters: Weights, means and variances, each (*shape, K).
        valid: Samples that count, bool (*shape, N). Default: all.
        min_variance: Floor of the variances.
        reduce: Sums a tensor over the ranks of a distributed run; every
            rank then returns the same parameters. Default: one rank.

    Returns:
        New weights, means and variances. A mixture without a valid sample
        keeps its parameters.
    """
    weights, means, variances = parameters
    reduce = reduce or (lambda tensor: tensor)
    share = responsibilities(samples, *parameters)
    if valid is not None:
        share.mul_(valid.unsqueeze(-2))
    total = (share * samples.unsqueeze(-2)).sum(-1)
    count, total = reduce(torch.stack([share.sum(-1), total]))
    size = count.sum(-1, keepdim=True)
    # 0 / 0 can only come from mixtures without samples, replaced below
    new_means = total / count
    spread = samples.unsqueeze(-2) - new_means.unsqueeze(-1)
    new_variances = reduce(spread.square_().mul_(share).sum(-1)) / count
    has_samples = size > 0
    return (
        torch.where(has_samples, count / size, weights),
        torch.where(has_samples, new_means, means),
        torch.where(
            has_samples, new_variances.clamp(min=min_variance), variances
        ),
    )
