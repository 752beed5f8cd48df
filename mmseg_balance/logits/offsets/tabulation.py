"""Knots of z', as ``alignment.align`` has it, for many pairs.

z' is tabulated on a uniform grid between the clip quantiles, outside which it
is constant, and the cells that a straight line does not serve are tabulated
anew on a finer one. Such cells hold a component that is narrower than a cell
(one at the variance floor, say); a uniform grid alone is wrong there by half
a logit and more, silently.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from .. import host
from ..mixtures.em import Parameters, mixture_cdf
from ..mixtures.gmm import GaussianMixtureBank
from .alignment import inverse_cdf

# Intervals of a refined cell. A component at the variance floor (sigma 0.01)
# in a range of 40 logits lies in cells of 8 sigma, and has 4 knots a sigma.
REFINEMENT = 32
# Steps of the probability at which the anchors' quantiles are kept.
_QUANTILES = 2**13
# Cells on each side that a jump is told from.
_NEARBY = 8
# Knots that are computed at one time: of the CPU's cache, and of a GPU.
_CHUNK_CPU = 2**18
_CHUNK = 2**24


def num_refined(num_components: int) -> int:
    """Cells of a pair that are refined.

    A narrow component lies in two cells at most, and the narrow components
    of the anchor want some as well.
    """
    return max(16, 4 * num_components + 4)


def tabulate(
    parameters: Parameters,
    is_positive: Tensor,
    anchors: GaussianMixtureBank,
    clip: float,
    grid_size: int,
) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    """Tabulate z' of Q pairs of class and logit.

    Args:
        parameters: Weights, means and variances of the pairs, (Q, K).
        is_positive: Pairs with c = l, bool (Q,).
        anchors: Bank of shape (2,): positive, then negative.
        clip: The CDF is clamped to [clip, 1 - clip].
        grid_size: Knots G of the uniform grid.

    Returns:
        Lower end of the grid and width of its cells, (Q,); where the knots
        of each cell begin in the flattened knots, negative for refined
        cells, (Q, G - 1), int32 where that is enough; the knots (Q, ...),
        first those of the grid, then REFINEMENT + 1 for each refined cell;
        and how far straight lines between those of the grid are off, (Q,).
    """
    means, variances = parameters[1:]
    device = means.device
    low, high = _clip_range(means, variances, clip)
    cells = grid_size - 1
    width = (high - low) / cells
    num = min(num_refined(means.shape[-1]), cells)
    knots = grid_size + num * (REFINEMENT + 1)
    values = means.new_empty(len(means), knots)
    small = values.numel() < torch.iinfo(torch.int32).max
    integer = torch.int32 if small else torch.int64
    starts = torch.empty(len(means), cells, dtype=integer, device=device)
    error = torch.empty_like(low)
    quantiles = _quantiles(anchors, clip)
    begin = (~is_positive).to(torch.int32).unsqueeze(1) * (_QUANTILES + 1)
    grid = torch.arange(grid_size, device=device)
    fine = torch.linspace(0, 1, REFINEMENT + 1, device=device)
    slots = torch.arange(
        grid_size, knots, REFINEMENT + 1, dtype=integer, device=device
    )
    largest = _CHUNK_CPU if host.on_host(means) else _CHUNK
    size = max(largest // knots, 1)
    for start in range(0, len(means), size):
        part = slice(start, start + size)
        mixtures = tuple(p[part] for p in parameters)
        base, step = low[part, None], width[part, None]

        def aligned(z: Tensor) -> Tensor:
            p = mixture_cdf(z, *mixtures)  # noqa: B023  (called at once)
            p.sub_(clip).mul_(1 / (1 - 2 * clip)).clamp_(0, 1)
            return _quantile(quantiles, begin[part], p)  # noqa: B023

        coarse = aligned(base + step * grid)
        refined = _worst_cells(coarse, num)
        corner = base + step * refined
        inner = corner[..., None] + step[..., None] * fine
        inner = aligned(inner.flatten(1))
        values[part, :grid_size] = coarse
        values[part, grid_size:] = inner
        inner = inner.view(*refined.shape, -1)
        left, right = inner[..., :1], inner[..., -1:]
        line = torch.lerp(left, right, fine)
        error[part] = line.sub_(inner).abs_().amax((1, 2))
        stop = start + len(coarse)
        first = torch.arange(start, stop, dtype=integer, device=device)
        first = first.mul_(knots).unsqueeze(1)
        torch.add(first, grid[:-1].to(integer), out=starts[part])
        starts[part].scatter_(1, refined, -(first + slots))
    return low, width, starts, values, error


def _quantiles(anchors: GaussianMixtureBank, clip: float) -> Tensor:
    """F_a^-1 of both anchors at even steps from clip to 1 - clip, flat.

    A search among the points of a CDF for each knot would be half the cost
    of a table.
    """
    p = torch.linspace(
        clip, 1 - clip, _QUANTILES + 1, device=anchors.means.device
    )
    weights, means, variances = anchors.parameters_
    return inverse_cdf(
        p.expand(2, -1), weights, means, variances, clip
    ).flatten()


def _quantile(quantiles: Tensor, begin: Tensor, p: Tensor) -> Tensor:
    """Between those steps; p (Q, P) in [0, 1] is used up, begin is (Q, 1)."""
    place = p.mul_(_QUANTILES).clamp_(max=_QUANTILES * (1 - 2**-24))
    index = place.to(torch.int32).add_(begin).flatten()
    left = quantiles.index_select(0, index)
    rise = quantiles.index_select(0, index.add_(1)).sub_(left)
    return left.addcmul_(rise, place.frac_().flatten()).view_as(p)


def _clip_range(
    means: Tensor, variances: Tensor, clip: float
) -> tuple[Tensor, Tensor]:
    """Bounds of the clip quantiles: those of the outermost components."""
    # with clip 0 the quantile is infinite; 4.5 sigma leave 3e-6 out
    reach = min(
        -torch.special.ndtri(torch.tensor(max(clip, 1e-9))).item(), 4.5
    )
    spread = variances.sqrt() * reach
    low, high = (means - spread).amin(-1), (means + spread).amax(-1)
    return low, torch.maximum(high, low + math.ulp(1.0) * 1e10)


def _worst_cells(values: Tensor, num: int) -> Tensor:
    """Cells where a straight line serves least, (pairs, num).

    z' never falls, so a line is wrong by no more than the rise of its cell;
    where the rise goes on from cell to cell the line is nearly right. What
    counts is the rise beyond the flattest cell nearby: a jump inside a cell,
    or over a few, counts in full, and not in the cells beside it.
    """
    rise = values.diff(dim=-1)
    flattest = -F.max_pool1d(-rise, 2 * _NEARBY + 1, stride=1, padding=_NEARBY)
    return (rise - flattest).topk(num, dim=-1).indices
