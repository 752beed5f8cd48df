"""EM of one-dimensional Gaussian mixtures in Triton, a program a mixture.

The samples of up to three banks lie in tensors of their own, (mixtures, n)
each; what does not count is NaN. Parameters and counters of all banks lie one
after the other, see :class:`...mixtures.joint.JointBanks`.
"""

import triton
import triton.language as tl


@triton.jit
def _counted(samples, start, num, BLOCK: tl.constexpr, LARGEST: tl.constexpr):
    """Samples from ``start`` on, 0 where they do not count, and which do."""
    place = start + tl.arange(0, BLOCK)
    x = tl.load(samples + place, mask=place < num, other=LARGEST)
    counts = tl.abs(x) < LARGEST  # False for NaN
    return tl.where(counts, x, 0.0), counts


@triton.jit
def _sums(samples, num, BLOCK: tl.constexpr, LARGEST: tl.constexpr):
    """Number of samples, their sum and that of their squares, float64."""
    count = tl.zeros([BLOCK], tl.float64)
    total = tl.zeros([BLOCK], tl.float64)
    squares = tl.zeros([BLOCK], tl.float64)
    for start in range(0, num, BLOCK):
        x, counts = _counted(samples, start, num, BLOCK, LARGEST)
        wide = x.to(tl.float64)
        count += counts.to(tl.float64)
        total += wide
        squares += wide * wide
    return tl.sum(count), tl.sum(total), tl.sum(squares)


@triton.jit
def _moments(
    samples,
    num,
    weights,
    means,
    variances,
    real,
    BLOCK: tl.constexpr,
    LARGEST: tl.constexpr,
    FLOOR: tl.constexpr,
):
    """E step: sums of r, r d and r d^2, float64, with d from the old mean."""
    count = tl.zeros_like(means).to(tl.float64)
    first = count
    second = count
    scale = (weights / tl.sqrt(variances * 6.283185307179586))[:, None]
    rate = (-0.5 / variances)[:, None]
    floor = tl.where(real, FLOOR, 0.0)[:, None]
    for start in range(0, num, BLOCK):
        x, counts = _counted(samples, start, num, BLOCK, LARGEST)
        deviation = x[None, :] - means[:, None]
        share = tl.exp(deviation * deviation * rate) * scale + floor
        share = share / tl.sum(share, 0)[None, :]
        share = tl.where(counts[None, :], share, 0.0).to(tl.float64)
        count += tl.sum(share, 1)
        share *= deviation.to(tl.float64)
        first += tl.sum(share, 1)
        second += tl.sum(share * deviation.to(tl.float64), 1)
    return count, first, second


@triton.jit
def _place(
    mixture, samples_0, samples_1, samples_2, size_0, size_1, num_0, num_1,
    num_2,
):  # fmt: skip
    """Where the samples of a mixture begin, how many, and of which bank."""
    samples = samples_0 + mixture.to(tl.int64) * num_0
    num = num_0
    bank = 0
    if mixture >= size_0 + size_1:
        row = mixture - size_0 - size_1
        samples = samples_2 + row.to(tl.int64) * num_2
        num = num_2
        bank = 2
    elif mixture >= size_0:
        row = mixture - size_0
        samples = samples_1 + row.to(tl.int64) * num_1
        num = num_1
        bank = 1
    return samples, num, bank


@triton.jit
def sums_program(
    samples_0, samples_1, samples_2, size_0, size_1, num_0, num_1, num_2,
    result,
    BLOCK: tl.constexpr,
    LARGEST: tl.constexpr,
):  # fmt: skip
    """Write number, sum and sum of squares of each mixture's samples."""
    mixtures = tl.num_programs(0)
    mixture = mixtures - 1 - tl.program_id(0)
    samples, num, _ = _place(
        mixture, samples_0, samples_1, samples_2, size_0, size_1, num_0,
        num_1, num_2,
    )  # fmt: skip
    count, total, squares = _sums(samples, num, BLOCK, LARGEST)
    tl.store(result + mixture, count)
    tl.store(result + mixtures + mixture, total)
    tl.store(result + 2 * mixtures + mixture, squares)


@triton.jit
def moments_program(
    samples_0, samples_1, samples_2, size_0, size_1, num_0, num_1, num_2,
    parameters,
    result,
    K: tl.constexpr,
    WIDTH: tl.constexpr,
    BLOCK: tl.constexpr,
    LARGEST: tl.constexpr,
    FLOOR: tl.constexpr,
):  # fmt: skip
    """Write the moments of ``mixtures.em.em_moments`` for each mixture."""
    mixtures = tl.num_programs(0)
    mixture = mixtures - 1 - tl.program_id(0)  # the anchors have most samples
    samples, num, _ = _place(
        mixture, samples_0, samples_1, samples_2, size_0, size_1, num_0,
        num_1, num_2,
    )  # fmt: skip
    component = tl.arange(0, WIDTH)
    real = component < K
    place = mixture.to(tl.int64) * K + component
    layer = mixtures.to(tl.int64) * K
    weights = tl.load(parameters + place, mask=real, other=0.0)
    means = tl.load(parameters + layer + place, mask=real, other=0.0)
    variances = tl.load(parameters + 2 * layer + place, mask=real, other=1.0)
    count, first, second = _moments(
        samples, num, weights, means, variances, real, BLOCK, LARGEST, FLOOR
    )
    # from the old mean to 0
    old = means.to(tl.float64)
    second += old * (2 * first + old * count)
    first += old * count
    tl.store(result + place, count, mask=real)
    tl.store(result + layer + place, first, mask=real)
    tl.store(result + 2 * layer + place, second, mask=real)


@triton.jit
def update_program(
    samples_0, samples_1, samples_2, size_0, size_1, num_0, num_1, num_2,
    parameters,
    counters,
    quantiles,
    new_parameters,
    new_counters,
    num_loops,
    momentum,
    warmup,
    min_variance,
    INITIALIZE: tl.constexpr,
    K: tl.constexpr,
    WIDTH: tl.constexpr,
    BLOCK: tl.constexpr,
    LARGEST: tl.constexpr,
    FLOOR: tl.constexpr,
):  # fmt: skip
    """An update of each mixture: ``mixtures.joint.update_banks``, one rank.

    ``new_counters`` begins as a copy of ``counters``.
    """
    mixtures = tl.num_programs(0)
    mixture = mixtures - 1 - tl.program_id(0)
    samples, num, bank = _place(
        mixture, samples_0, samples_1, samples_2, size_0, size_1, num_0,
        num_1, num_2,
    )  # fmt: skip
    component = tl.arange(0, WIDTH)
    real = component < K
    place = mixture.to(tl.int64) * K + component
    layer = mixtures.to(tl.int64) * K
    weights = tl.load(parameters + place, mask=real, other=0.0)
    means = tl.load(parameters + layer + place, mask=real, other=0.0)
    variances = tl.load(parameters + 2 * layer + place, mask=real, other=1.0)
    updates = tl.load(counters + mixture)
    staleness = tl.load(counters + mixtures + mixture)
    step = tl.load(counters + 2 * mixtures + bank)
    size = tl.zeros([], tl.float64)

    if INITIALIZE:
        if updates == 0:
            size, total, squares = _sums(samples, num, BLOCK, LARGEST)
            if size > 0:
                mean = total / size
                spread = (squares / size - mean * mean).to(tl.float32)
                spread = tl.maximum(spread, min_variance)
                quantile = tl.load(quantiles + component, mask=real, other=0.0)
                means = mean.to(tl.float32) + tl.sqrt(spread) * quantile
                variances = tl.zeros_like(variances) + spread
    old_weights, old_means, old_variances = weights, means, variances

    for _ in range(num_loops):
        count, first, second = _moments(
            samples, num, weights, means, variances, real, BLOCK, LARGEST,
            FLOOR,
        )  # fmt: skip
        size = tl.sum(count)
        if size > 0:
            count = tl.where(real, count, 1.0)
            shift = first / count
            spread_of = (second / count - shift * shift).to(tl.float32)
            weights = tl.where(real, (count / size).to(tl.float32), 0.0)
            means = (means.to(tl.float64) + shift).to(tl.float32)
            variances = tl.maximum(spread_of, min_variance)

    keep = momentum + 0.0
    if warmup > 0:
        keep *= tl.minimum(step.to(tl.float32) / warmup, 1.0)
    power = tl.exp(tl.log(tl.maximum(keep, 1e-30)) * staleness.to(tl.float32))
    keep = tl.where(keep > 0, power, 0.0)
    if warmup == 0:
        keep = tl.where(updates == 0, 0.0, keep)
    # what took no part stays as it is, to the last bit
    part = size > 0
    weights = tl.where(part, keep * old_weights + (1 - keep) * weights,
                       old_weights)  # fmt: skip
    means = tl.where(part, keep * old_means + (1 - keep) * means, old_means)
    variances = tl.where(
        part, keep * old_variances + (1 - keep) * variances, old_variances
    )
    tl.store(new_parameters + place, weights, mask=real)
    tl.store(new_parameters + layer + place, means, mask=real)
    tl.store(new_parameters + 2 * layer + place, variances, mask=real)
    one = part.to(tl.int64)
    tl.store(new_counters + mixture, updates + one)
    tl.store(
        new_counters + mixtures + mixture, tl.where(part, 1, staleness + 1)
    )
    tl.atomic_max(new_counters + 2 * mixtures + bank, step + one)
