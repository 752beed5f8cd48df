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
    if not samples.numel():
        return means.new_zeros(3, *means.shape, dtype=torch.float64)
    if not host.on_host(samples):
        sums, _ = _sums(samples, parameters)
        return _around_zero(sums, means)
    # with all samples there, and means that hardly move, half the work will
    # do; where they move, the result says so
    sums, plain = _sums(samples, parameters, may_be_plain=True)
    count, first, second = sums
    square = first.square().div_(count)
    steady = (square <= _LARGEST_MOVE * (second - square)).all(-1)
    again = plain & ~steady
    if bool(again.any()):
        few = tuple(p[again] for p in parameters)
        sums[:, again], _ = _sums(samples[again], few)
    return _around_zero(sums, means)


def _sums(
    samples: Tensor, parameters: Parameters, may_be_plain: bool = False
) -> tuple[Tensor, Tensor]:
    """Sums of r, r d and r d^2 with d from the old mean.

    Args:
        samples: (R, N).
        parameters: Weights, means and variances, each (R, K).
        may_be_plain: Whether to take the short way where all samples count.

    Returns:
        float64 (3, R, K), and where it was taken, bool (R,).
    """
    weights, means, variances = parameters
    num, num_samples = samples.shape
    num_components = means.shape[-1]
    sums = means.new_empty(3, num, num_components, dtype=torch.float64)
    plain = torch.zeros(num, dtype=torch.bool, device=means.device)
    # exp2 is twice as fast as exp on a CPU
    rates = (0.5 * math.log2(math.e) / variances).sqrt()
    scales = (weights / (2 * math.pi * variances).sqrt()).log2()
    largest = _LARGEST_CPU if host.on_host(samples) else _LARGEST
    size = max(largest // (num_samples * num_components), 1)
    # samples last: they are many, components few
    shape = (min(size, num), num_components, num_samples)
    buffers = means.new_empty(shape), means.new_empty(shape)
    for start in range(0, num, size):
        part = slice(start, start + size)
        x = samples[part].unsqueeze(1)
        mean, rate, scale = (
            p[part].unsqueeze(-1) for p in (means, rates, scales)
        )
        deviation, share = (buffer[: len(x)] for buffer in buffers)
        _likelihoods(x, mean, rate, scale, deviation, share)
        if may_be_plain and not math.isnan(x.sum().item()):
            plain[part] = True
            _plain(deviation, share, sums[:, part])
        else:
            _careful(x, deviation, share, sums[:, part])
    return sums, plain


def _plain(deviation: Tensor, share: Tensor, sums: Tensor) -> None:
    """Where all samples count.

    Args:
        deviation: Of the samples from the means, (R, K, N); not kept.
        share: Likelihoods, (R, K, N); not kept.
        sums: Gets the sums, (3, R, K).
    """
    factor = share.sum(1, keepdim=True).reciprocal_()
    found = share.new_empty(sums.shape)
    for sum_ in found:
        torch.sum(share.mul_(factor), -1, out=sum_)
        factor = deviation
    sums.copy_(found)


def _careful(
    x: Tensor, deviation: Tensor, share: Tensor, sums: Tensor
) -> None:
    """Leave NaN out, and sum the squares around the new mean.

    Around the old one float32 would lose the variance of a mean that moves
    far.

    Args:
        x: Samples, (R, 1, N).
        deviation, share, sums: As of :func:`_plain`.
    """
    deviation.nan_to_num_()
    share.nan_to_num_(1)
    factor = share.sum(1, keepdim=True).reciprocal_().mul_(~x.isnan())
    count = share.mul_(factor).sum(-1)
    move = (share * deviation).sum(-1).div_(count).nan_to_num_()
    spread = deviation.sub_(move.unsqueeze(-1)).square_().mul_(share)
    count, move = count.double(), move.double()
    sums[0] = count
    sums[1] = count * move
    sums[2] = spread.sum(-1) + count * move.square()


def _likelihoods(
    x: Tensor,
    means: Tensor,
    rates: Tensor,
    scales: Tensor,
    deviation: Tensor,
    share: Tensor,
) -> None:
    """Deviations, and likelihoods 2^(scale - (rate d)^2).

    Args:
        x: Samples, (R, 1, N).
        means, rates: Of each component, (R, K, 1).
        scales: Logarithms of the likelihoods at the means, (R, K, 1).
        deviation, share: Get the two, (R, K, N).
    """
    torch.sub(x, means, out=deviation)
    torch.mul(deviation, rates, out=share)
    torch.addcmul(scales, share, share, value=-1, out=share)
    share.exp2_().add_(LIKELIHOOD_FLOOR)


def _around_zero(sums: Tensor, means: Tensor) -> Tensor:
    """Sums of r x and r x^2 from those of r d and r d^2; in place."""
    count, first, second = sums
    means = means.double()
    second.add_(means * (2 * first + means * count))
    first.addcmul_(means, count)
    return sums
