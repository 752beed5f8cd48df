"""Gaussian mixtures in one dimension: CDF and EM, many at once (App. D).

Shapes: parameters are ``(*shape, K)``, points and samples ``(*shape, N)``.
"""

import math
from collections.abc import Callable

import torch
from torch import Tensor

from .. import host

# Added to each component's likelihood before it is normalised, so that a
# sample far from every component belongs to all of them alike (as released
# with BLDA).
LIKELIHOOD_FLOOR = 1e-7
# Elements of a temporary: of the CPU's cache, and of a GPU's memory (64 MB).
_LARGEST_CPU = 2**18
_LARGEST = 2**24

# weights, means and variances
Parameters = tuple[Tensor, ...]
Reduce = Callable[[Tensor], Tensor]


def mixture_cdf(
    z: Tensor, weights: Tensor, means: Tensor, variances: Tensor
) -> Tensor:
    """Cumulative distribution F(z) of Gaussian mixtures (App. D).

    Args:
        z: Points, ``(*shape, N)``.
        weights: Mixing coefficients, ``(*shape, K)``.
        means: Means, ``(*shape, K)``.
        variances: Variances, ``(*shape, K)``.

    Returns:
        F at the points, ``(*shape, N)``, in [0, 1].

    Example:
        >>> mixture_cdf(
        ...     torch.tensor([0.0, 2.0]),
        ...     weights=torch.tensor([0.5, 0.5]),
        ...     means=torch.tensor([-2.0, 2.0]),
        ...     variances=torch.tensor([1.0, 1.0]),
        ... )
        tensor([0.5000, 0.7500])
    """
    scale = (2 * variances).rsqrt()
    cdf, phi = torch.zeros_like(z), torch.empty_like(z)
    # one component after the other: no temporary is larger than z
    for k in range(weights.shape[-1]):
        torch.sub(z, means[..., k, None], out=phi)
        phi.mul_(scale[..., k, None]).erf_()
        cdf.addcmul_(phi.add_(1), weights[..., k, None], value=0.5)
    return cdf


def em_moments(
    samples: Tensor, parameters: Parameters, valid: Tensor | None = None
) -> Tensor:
    """E step, and what the M step needs of it.

    Args:
        samples: ``(*shape, N)``.
        parameters: Weights, means and variances, each ``(*shape, K)``.
        valid: Samples that count, bool ``(*shape, N)``. Default: all.

    Returns:
        Sums over the samples x of the share r that each component has in
        them, of r x and of r x^2, float64 (3, *shape, K). They add up over
        parts of the samples, and in float64 nothing is lost when the
        variance is taken from them.
    """
    shape = (*samples.shape[:-1], parameters[0].shape[-1])
    rows = samples.flatten(0, -2)
    counted = None if valid is None else valid.flatten(0, -2)
    flat = tuple(p.flatten(0, -2).unsqueeze(-1) for p in parameters)
    moments = rows.new_zeros(3, len(rows), shape[-1], dtype=torch.float64)
    if counted is not None and host.on_host(rows):
        # few classes occur in a batch, and a CPU can leave the others out
        busy = counted.any(1)
        if not bool(busy.all()):
            few = tuple(p.flatten(0, -2)[busy] for p in parameters)
            moments[:, busy] = em_moments(rows[busy], few, counted[busy])
            return moments.view(3, *shape)
    largest = _LARGEST_CPU if host.on_host(rows) else _LARGEST
    size = max(largest // max(rows.shape[-1] * shape[-1], 1), 1)
    for start in range(0, len(rows), size):
        part = slice(start, start + size)
        weights, means, variances = (p[part] for p in flat)
        # samples last: they are many, components few
        deviation = rows[part].unsqueeze(1) - means
        share = deviation.square().mul_(-0.5 / variances).exp_()
        share.mul_(weights / (2 * math.pi * variances).sqrt())
        share.add_(LIKELIHOOD_FLOOR)
        scale = share.sum(1, keepdim=True).reciprocal_()
        if counted is not None:
            scale.mul_(counted[part].unsqueeze(1))
        count = share.mul_(scale).sum(-1, keepdim=True)
        shift = (share * deviation).sum(-1, keepdim=True) / count
        # around the new mean: float32 would lose the variance otherwise
        spread = deviation.sub_(shift).square_().mul_(share).sum(-1)
        count, mean = count.squeeze(-1).double(), (means + shift).squeeze(-1)
        mean = torch.where(count > 0, mean, 0).double()
        moments[0, part] = count
        moments[1, part] = count * mean
        moments[2, part] = spread.nan_to_num_() + count * mean.square()
    return moments.view(3, *shape)


def em_step(
    samples: Tensor,
    parameters: Parameters,
    valid: Tensor | None = None,
    min_variance: float = 1e-4,
    reduce: Reduce | None = None,
) -> Parameters:
    """One EM loop for every mixture at once.

    Args:
        samples: ``(*shape, N)``.
        parameters: Weights, means and variances, each ``(*shape, K)``.
        valid: Samples that count, bool ``(*shape, N)``. Default: all.
        min_variance: Floor of the variances.
        reduce: Sums a tensor over the ranks of a distributed run; every
            rank then returns the same parameters. Default: one rank.

    Returns:
        New weights, means and variances. A mixture without a valid sample
        keeps its parameters.
    """
    moments = em_moments(samples, parameters, valid)
    count, first, second = moments if reduce is None else reduce(moments)
    # 0 / 0 comes from mixtures without samples, replaced below
    new_means = first / count
    new_variances = second / count - new_means.square()
    size = count.sum(-1, keepdim=True)
    new = (count / size, new_means, new_variances.clamp(min=min_variance))
    return tuple(
        torch.where(size > 0, value.to(old.dtype), old)
        for value, old in zip(new, parameters, strict=True)
    )
