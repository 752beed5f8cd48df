"""Sums of an E step over the samples of many mixtures, in PyTorch."""

import math

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
# Squared moves of a mean, in variances, that sums around the old mean stand:
# they lose as many digits of the variance, and EM adds to what is lost.
_LARGEST_MOVE = 1.0

# weights, means and variances
Parameters = tuple[Tensor, ...]


def shifted_moments(samples: Tensor, parameters: Parameters) -> Tensor:
    """Sums of r, r x and r x^2 over the samples x of each mixture.

    Args:
        samples: (R, N); NaN is none.
        parameters: Weights, means and variances, each (R, K).

    Returns:
        float64 (3, R, K), see :func:`.em.em_moments`.
    """
    means = parameters[1]
    if not host.on_host(samples):
        return _around_zero(_careful_sums(samples, parameters), means)
    # with all samples there, and means that hardly move, half the work will
    # do; where not, the result says so
    sums = _sums(samples, parameters, careful=False)
    count, first, second = sums
    square = first.square().div_(count)
    bad = ~(square <= _LARGEST_MOVE * (second - square)).all(-1)  # or NaN
    if bool(bad.any()):
        few = tuple(p[bad] for p in parameters)
        sums[:, bad] = _careful_sums(samples[bad], few)
    return _around_zero(sums, means)


def _careful_sums(samples: Tensor, parameters: Parameters) -> Tensor:
    return _sums(samples, parameters, careful=True)


def _sums(samples: Tensor, parameters: Parameters, careful: bool) -> Tensor:
    """Sums of r, r d and r d^2 with d from the old mean, float64 (3, R, K).

    Args:
        samples: (R, N).
        parameters: Weights, means and variances, each (R, K).
        careful: Leave NaN out, and sum the squares around the new mean:
            float32 would lose the variance of a mean that moves far.
    """
    weights, means, variances = parameters
    num, num_samples = samples.shape
    num_components = means.shape[-1]
    sums = means.new_zeros(3, num, num_components, dtype=torch.float64)
    # samples last: they are many, components few
    largest = _LARGEST_CPU if host.on_host(samples) else _LARGEST
    size = max(largest // max(num_samples * num_components, 1), 1)
    shape = (min(size, num), num_components, num_samples)
    deviations = means.new_empty(shape)
    all_shares = means.new_empty(shape)
    # exp2 is twice as fast as exp on a CPU
    rate = (0.5 * math.log2(math.e) / variances).sqrt()
    scale = (weights / (2 * math.pi * variances).sqrt()).log2()
    means, rate, scale = (p.unsqueeze(-1) for p in (means, rate, scale))
    for start in range(0, num, size):
        part = slice(start, start + size)
        x = samples[part].unsqueeze(1)
        deviation, share = deviations[: len(x)], all_shares[: len(x)]
        if careful:
            counted = ~x.isnan()
            x = x.nan_to_num()
        torch.sub(x, means[part], out=deviation)
        torch.mul(deviation, rate[part], out=share)
        torch.addcmul(scale[part], share, share, value=-1, out=share)
        share.exp2_().add_(LIKELIHOOD_FLOOR)
        inverse = share.sum(1, keepdim=True).reciprocal_()
        if careful:
            inverse.mul_(counted)
        count = share.mul_(inverse).sum(-1)
        if not careful:
            first = share.mul_(deviation).sum(-1)
            sums[0, part], sums[1, part] = count, first
            sums[2, part] = share.mul_(deviation).sum(-1)
            continue
        move = (share * deviation).sum(-1).div_(count).nan_to_num_()
        spread = deviation.sub_(move.unsqueeze(-1)).square_().mul_(share)
        count, move = count.double(), move.double()
        sums[0, part] = count
        sums[1, part] = count * move
        sums[2, part] = spread.sum(-1) + count * move.square()
    return sums


def _around_zero(sums: Tensor, means: Tensor) -> Tensor:
    """Sums of r x and r x^2 from those of r d and r d^2; in place."""
    count, first, second = sums
    means = means.double()
    second.add_(means * (2 * first + means * count))
    first.addcmul_(means, count)
    return sums
