"""EM over bins of samples: where they are many, hardly less is known.

A bin stands for its samples by their number, mean and variance. As long as
no component is narrower than a few bins, the share that a component has in a
sample is the same line all over a bin.
"""

import math
from typing import NamedTuple

import torch
from torch import Tensor

from .. import host
from .moments import LIKELIHOOD_FLOOR, Parameters

# Bins of a mixture, of equal width from its least to its largest sample.
NUM_BINS = 512
# Widths of a bin that sigma must have: the CDF of what is fitted is then
# that of all samples to 1e-4.
LEAST_SIGMA = 8
# Elements of a temporary, of the CPU's cache.
_LARGEST_CPU, _LARGEST = 2**17, 2**24


class Bins(NamedTuple):
    """Samples of R mixtures in B bins.

    Attributes:
        means, variances: Of the samples of each bin, (R, B).
        counts: Samples of each bin, float32 (R, B).
        width: Of the bins of each mixture, (R,).
    """

    means: Tensor
    variances: Tensor
    counts: Tensor
    width: Tensor


def bin_samples(
    samples: Tensor, valid: Tensor, num_bins: int = NUM_BINS
) -> Bins:
    """Sort samples into bins.

    Args:
        samples: float32 (R, n); those that count are finite.
        valid: Those that count, bool (R, n).
        num_bins: Bins B.

    Returns:
        The bins. Those without samples have mean and variance of any value.
    """
    low = samples.masked_fill(~valid, torch.inf).amin(1, keepdim=True)
    high = samples.masked_fill(~valid, -torch.inf).amax(1, keepdim=True)
    # without samples: anything
    low, high = low.nan_to_num(posinf=0.0), high.nan_to_num(neginf=0.0)
    width = ((high - low) / num_bins).clamp(min=1e-6)
    bin_ = ((samples.masked_fill(~valid, 0) - low) / width).long()
    bin_.clamp_(0, num_bins - 1)
    middle = low + width * (torch.arange(num_bins, device=low.device) + 0.5)
    # from the middle of the bin: nothing is lost of large logits
    offset = (samples - middle.gather(1, bin_)).masked_fill_(~valid, 0)
    counts, first, second = (
        torch.zeros_like(middle).scatter_add_(1, bin_, values)
        for values in (valid.to(samples.dtype), offset, offset.square())
    )
    size = counts.clamp(min=1)
    first /= size
    variances = (second / size - first.square()).clamp_(min=0)
    return Bins(middle + first, variances, counts, width.squeeze(1))


def binned_moments(bins: Bins, parameters: Parameters) -> Tensor:
    """Equals ``em_moments`` of the samples as far as the bins tell.

    Args:
        bins: Samples of R mixtures.
        parameters: Weights, means and variances, each (R, K).

    Returns:
        As ``em_moments`` has them, float64 (3, R, K).
    """
    num, num_components = parameters[0].shape
    moments = parameters[0].new_zeros(3, num, num_components).double()
    largest = _LARGEST_CPU if host.on_host(bins.means) else _LARGEST
    size = max(largest // (num_components * bins.means.shape[1]), 1)
    for start in range(0, num, size):
        part = slice(start, start + size)
        weights, means, variances = (p[part].unsqueeze(-1) for p in parameters)
        own = (each[part].unsqueeze(1) for each in bins[:3])
        centres, spreads, counts = own
        deviation = centres - means
        # exp2 is twice as fast as exp on a CPU
        rate = (0.5 * math.log2(math.e) / variances).sqrt()
        scale = (weights / (2 * math.pi * variances).sqrt()).log2()
        share = (deviation * rate).square_().neg_().add_(scale).exp2_()
        share.add_(LIKELIHOOD_FLOOR)
        share.mul_(counts / share.sum(1, keepdim=True))
        count = share.sum(-1)
        move = (share * deviation).sum(-1).div_(count).nan_to_num_()
        # around the new mean: float32 would lose the variance otherwise
        deviation.sub_(move.unsqueeze(-1)).square_().add_(spreads)
        spread = deviation.mul_(share).sum(-1)
        count, mean = count.double(), (means.squeeze(-1) + move).double()
        moments[0, part] = count
        moments[1, part] = count * mean
        moments[2, part] = spread.double() + count * mean.square()
    return moments
