"""Gaussian mixtures in one dimension: CDF and EM, many at once (App. D).

Shapes: parameters are ``(*shape, K)``, points and samples ``(*shape, N)``.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from .moments import LIKELIHOOD_FLOOR, Parameters, shifted_moments

__all__ = [
    'LIKELIHOOD_FLOOR',
    'Parameters',
    'Reduce',
    'em_moments',
    'em_step',
    'm_step',
    'mixture_cdf',
]

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
        samples: ``(*shape, N)``; NaN is none.
        parameters: Weights, means and variances, each ``(*shape, K)``.
        valid: Samples that count, bool ``(*shape, N)``. Default: all.

    Returns:
        Sums over the samples x of the share r that each component has in
        them, of r x and of r x^2, float64 (3, *shape, K). They add up over
        parts of the samples, and in float64 nothing is lost when the
        variance is taken from them.
    """
    if valid is not None:
        samples = samples.masked_fill(~valid, torch.nan)
    shape = (*samples.shape[:-1], parameters[0].shape[-1])
    rows = samples.flatten(0, -2).to(parameters[0].dtype)
    flat = tuple(p.flatten(0, -2) for p in parameters)
    return shifted_moments(rows, flat).view(3, *shape)


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
    if reduce is not None:
        moments = reduce(moments)
    return m_step(moments, parameters, min_variance)


def m_step(
    moments: Tensor, parameters: Parameters, min_variance: float
) -> Parameters:
    """New weights, means and variances of the moments of :func:`em_moments`.

    Mixtures without a sample keep their parameters.
    """
    count, first, second = moments
    # 0 / 0 comes from mixtures without samples, replaced below
    new_means = first / count
    new_variances = second / count - new_means.square()
    size = count.sum(-1, keepdim=True)
    new = (count / size, new_means, new_variances.clamp(min=min_variance))
    return tuple(
        torch.where(size > 0, value.to(old.dtype), old)
        for value, old in zip(new, parameters, strict=True)
    )
