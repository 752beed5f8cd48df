"""Tabulating offsets: quantiles of the anchors, grids, and finer cells."""

import triton
import triton.language as tl


@triton.jit
def mixture_cdf(z, weights, means, variances, K: tl.constexpr):
    """F(z) of one mixture; equals ``mixtures.em.mixture_cdf``.

    Args:
        z: Points, a block of any shape.
        weights, means, variances: Where the K numbers of the mixture are.
    """
    cdf = z * 0.0
    for k in tl.static_range(K):
        weight = tl.load(weights + k)
        mean = tl.load(means + k)
        scale = 1.0 / tl.sqrt(2.0 * tl.load(variances + k))
        cdf += 0.5 * weight * (1.0 + tl.erf((z - mean) * scale))
    return cdf


@triton.jit
def component_range(means, variances, reach, K: tl.constexpr):
    """Least and largest of mean -+ reach * sigma over K components."""
    spread = reach * tl.sqrt(tl.load(variances))
    low = tl.load(means) - spread
    high = tl.load(means) + spread
    for k in range(1, K):
        spread = reach * tl.sqrt(tl.load(variances + k))
        low = tl.minimum(low, tl.load(means + k) - spread)
        high = tl.maximum(high, tl.load(means + k) + spread)
    return low, high


@triton.jit
def grid_of(means, variances, reach, least, cells, K: tl.constexpr):
    """Lower end of a grid and width of its cells."""
    low, high = component_range(means, variances, reach, K)
    return low, (tl.maximum(high, low + least) - low) / cells


@triton.jit
def aligned(
    z,
    weights,
    means,
    variances,
    quantiles,
    clip,
    steps,
    K: tl.constexpr,
):
    """z' = F_a^-1(F(z)) of one pair; equals ``Tabulator``'s.

    Args:
        z: Logits, a block of any shape.
        weights, means, variances: Where the mixture of the pair is.
        quantiles: Where those of its anchor begin, ``steps`` + 1 of them.
        clip: The CDF is clamped to [clip, 1 - clip].
        steps: As a float.
    """
    p = mixture_cdf(z, weights, means, variances, K)
    p = (p - clip) / (1.0 - 2.0 * clip)
    place = tl.minimum(tl.maximum(p, 0.0), 1.0) * steps
    place = tl.minimum(place, steps * (1 - 2**-24))
    index = place.to(tl.int32)
    left = tl.load(quantiles + index)
    right = tl.load(quantiles + index + 1)
    return left + (right - left) * (place - index.to(tl.float32))


@triton.jit
def anchor_quantiles(
    weights,
    means,
    variances,
    out,
    clip,
    steps,
    K: tl.constexpr,
    POINTS: tl.constexpr,
    BLOCK_P: tl.constexpr,
    BLOCK_J: tl.constexpr,
):
    """Quantiles at even steps of the probability; as ``inverse_cdf``'s.

    The CDF at ``POINTS`` even points is searched by counting those below
    each probability.

    Args:
        weights, means, variances: Mixtures, (anchors, K).
        out: (anchors, steps + 1).
        clip: Where the probabilities begin; they end at 1 - clip.
    """
    anchor = tl.program_id(1)
    weights += anchor * K
    means += anchor * K
    variances += anchor * K
    low, high = component_range(means, variances, 3.0, K)
    step = (high - low) / (POINTS - 1)
    number = tl.program_id(0) * BLOCK_P + tl.arange(0, BLOCK_P)
    # from both ends, as torch.linspace counts
    size = (1.0 - 2.0 * clip) / steps
    p = tl.where(
        2 * number < steps + 1,
        clip + size * number,
        (1.0 - clip) - size * (steps - number),
    )
    p = tl.minimum(tl.maximum(p, clip), 1.0 - clip)
    below = tl.zeros((BLOCK_P,), tl.int32)
    cdf_left = tl.full((BLOCK_P,), -1.0, tl.float32)
    cdf_right = tl.full((BLOCK_P,), 2.0, tl.float32)
    for begin in range(0, POINTS, BLOCK_J):
        point = begin + tl.arange(0, BLOCK_J)
        cdf = mixture_cdf(low + step * point, weights, means, variances, K)
        known = (point < POINTS)[None, :]
        smaller = cdf[None, :] < p[:, None]
        below += tl.sum((smaller & known).to(tl.int32), 1)
        least = tl.where(smaller & known, cdf[None, :], -1.0)
        cdf_left = tl.maximum(cdf_left, tl.max(least, 1))
        most = tl.where(smaller | ~known, 2.0, cdf[None, :])
        cdf_right = tl.minimum(cdf_right, tl.min(most, 1))
    share = (p - cdf_left) / tl.maximum(cdf_right - cdf_left, 1e-12)
    share = tl.minimum(tl.maximum(share, 0.0), 1.0)
    # outside the points their first or last
    place = tl.where(below == 0, 0.0, below - 1 + share)
    place = tl.where(below == POINTS, POINTS - 1.0, place)
    result = low + place * step
    tl.store(out + anchor * (steps + 1) + number, result, number <= steps)


@triton.jit
def offset_grids(
    weights,
    means,
    variances,
    num_updates,
    anchor_updates,
    quantiles,
    low,
    scale,
    fitted,
    values,
    num_classes,
    num_rows,
    clip,
    reach,
    least,
    steps,
    K: tl.constexpr,
    GRID: tl.constexpr,
    BLOCK: tl.constexpr,
    NEEDS_ANCHORS: tl.constexpr,
):
    """The uniform grid of one pair, and what says where it lies.

    Args:
        weights, means, variances: (rows * C, K).
        num_updates: Of each pair, int64 (rows * C,).
        anchor_updates: int64 (2,).
        low, scale, fitted: (C, rows + 1); the last row gets zeros.
        values: Knots, flat, those of the grids first.
        reach: Sigmas of a component that the grid covers.
        least: Width of the grid, at least.
        steps: Those of ``quantiles``, (2, steps + 1).
        NEEDS_ANCHORS: No pair counts as fitted before both anchors are.
    """
    pair = tl.program_id(0).to(tl.int64)
    row = pair // num_classes
    logit = pair - row * num_classes
    weights += pair * K
    means += pair * K
    variances += pair * K
    cells = GRID - 1.0
    first, width = grid_of(means, variances, reach, least, cells, K)
    is_negative = row % num_classes != logit
    quantiles += tl.where(is_negative, steps + 1, 0)
    number = tl.arange(0, BLOCK)
    knots = aligned(
        first + width * number,
        weights,
        means,
        variances,
        quantiles,
        clip,
        steps * 1.0,
        K,
    )
    tl.store(values + pair * GRID + number, knots, number < GRID)
    is_fitted = tl.load(num_updates + pair) > 0
    if NEEDS_ANCHORS:
        is_fitted &= tl.load(anchor_updates) > 0
        is_fitted &= tl.load(anchor_updates + 1) > 0
    place = logit * (num_rows + 1) + row
    tl.store(low + place, first)
    tl.store(scale + place, 1.0 / width)
    tl.store(fitted + place, tl.where(is_fitted, 1.0, 0.0))
    last = logit * (num_rows + 1) + num_rows
    tl.store(low + last, 0.0, row == 0)
    tl.store(scale + last, 0.0, row == 0)
    tl.store(fitted + last, 0.0, row == 0)


@triton.jit
def refine_cells(
    weights,
    means,
    variances,
    quantiles,
    values,
    starts,
    error,
    num_classes,
    num_pairs,
    clip,
    reach,
    least,
    steps,
    K: tl.constexpr,
    GRID: tl.constexpr,
    BLOCK: tl.constexpr,
    NUM: tl.constexpr,
    BLOCK_N: tl.constexpr,
    REFINEMENT: tl.constexpr,
    BLOCK_R: tl.constexpr,
    NEARBY: tl.constexpr,
):
    """Finer knots of the cells of one pair that a line serves least.

    The cells, and of equal ones the first: see
    ``offsets.tables.tabulation._worst_cells``.

    Args:
        values: Has the grids, and gets the other knots.
        starts: Gets the first knot of each cell, negative if refined.
        error: Gets what lines are off in the refined cells, (pairs,).
        NUM: Cells that are refined, BLOCK_N of them at a time.
        NEARBY: Cells on each side that a jump is told from.
    """
    pair = tl.program_id(0).to(tl.int64)
    row = pair // num_classes
    is_negative = row % num_classes != pair - row * num_classes
    weights += pair * K
    means += pair * K
    variances += pair * K
    quantiles += tl.where(is_negative, steps + 1, 0)
    cell = tl.arange(0, BLOCK)
    inside = cell < GRID - 1
    grid = values + pair * GRID
    own = tl.load(grid + cell + 1, inside, 0.0)
    own -= tl.load(grid + cell, inside, 0.0)
    flattest = own
    for nearby in range(-NEARBY, NEARBY + 1):
        other = cell + nearby
        known = (other >= 0) & (other < GRID - 1)
        rise = tl.load(grid + other + 1, known, 0.0)
        rise -= tl.load(grid + other, known, 0.0)
        flattest = tl.minimum(flattest, tl.where(known, rise, own))
    score = tl.where(inside, own - flattest, -1.0)
    slot = tl.full((BLOCK,), -1, tl.int32)
    # behind the grids, NUM times REFINEMENT + 1 knots a pair
    length = REFINEMENT + 1
    behind = num_pairs.to(tl.int64) * GRID + pair * (NUM * length)
    low, width = grid_of(means, variances, reach, least, GRID - 1.0, K)
    step = tl.arange(0, BLOCK_R)[None, :]
    share = step * (1.0 / REFINEMENT)
    number = tl.arange(0, BLOCK_N)
    largest = 0.0
    for begin in range(0, NUM, BLOCK_N):
        worst = tl.zeros((BLOCK_N,), tl.int32)
        for place in range(begin, min(begin + BLOCK_N, NUM)):
            found = tl.argmax(score, 0)
            worst = tl.where(begin + number == place, found, worst)
            slot = tl.where(cell == found, place, slot)
            score = tl.where(cell == found, -2.0, score)
        z = (low + width * worst)[:, None] + width * share
        knots = aligned(
            z, weights, means, variances, quantiles, clip, steps * 1.0, K
        )
        place = begin + number[:, None]
        known = (place < NUM) & (step <= REFINEMENT)
        tl.store(values + behind + place * length + step, knots, known)
        left = tl.sum(tl.where(step == 0, knots, 0.0), 1)[:, None]
        right = tl.sum(tl.where(step == REFINEMENT, knots, 0.0), 1)[:, None]
        line = left + (right - left) * share
        off = tl.where(known, tl.abs(line - knots), 0.0)
        largest = tl.maximum(largest, tl.max(tl.max(off, 1), 0))
    tl.store(error + pair, largest)
    start = tl.where(slot < 0, pair * GRID + cell, -(behind + slot * length))
    starts += pair * (GRID - 1)
    tl.store(starts + cell, start.to(starts.dtype.element_ty), inside)
