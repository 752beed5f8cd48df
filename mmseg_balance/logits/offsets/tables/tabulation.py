"""Knots of z', as ``alignment.align`` has it, for many pairs.

z' is tabulated on a uniform grid between the clip quantiles, outside which it
is constant, and the cells that a straight line does not serve are tabulated
anew on a finer one. Such cells hold a component that is narrower than a cell
(one at the variance floor, say); a uniform grid alone is wrong there by half
a logit and more, silently.
"""

from statistics import NormalDist

import torch
import torch.nn.functional as F
from torch import Tensor

from ... import host
from ...mixtures.em import Parameters, mixture_cdf
from ...mixtures.gmm import GaussianMixtureBank
from ..reference.alignment import inverse_cdf
from .knots import REFINEMENT, Knots
from .wide_cdf import grid_cdf

# Steps of the probability at which the anchors' quantiles are kept.
QUANTILES = 2**13
# On a CPU a pair is refined where the grid alone is off by more than this,
# in logits: half of the cost is saved, for the logits of trained networks.
TOLERANCE = 0.02
# Width of a grid at least, in logits.
LEAST = 2.0**-52 * 1e10
# Cells on each side that a jump is told from.
NEARBY = 8
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
) -> tuple[Tensor, Tensor, Knots, Tensor]:
    """Tabulate z' of Q pairs, each of them with refined cells.

    Args: as those of :class:`Tabulator`.

    Returns:
        Lower end of the grid and width of its cells, (Q,); the knots; and
        how far straight lines between those of the grid are off, (Q,).
    """
    made = Tabulator(parameters, is_positive, anchors, clip, grid_size)
    knots = Knots.empty(
        len(made.low), grid_size, made.num_refined, made.low.device
    )
    return made.low, made.width, knots, made.fill(knots)


class Tabulator:
    """Computes knots of z' for some of Q pairs of class and logit at a time.

    Args:
        parameters: Weights, means and variances of the pairs, (Q, K).
        is_positive: Pairs with c = l, bool (Q,).
        anchors: Bank of shape (2,): positive, then negative.
        clip: The CDF is clamped to [clip, 1 - clip].
        grid_size: Knots G of the uniform grid.

    Attributes:
        low, width: Lower end of the grid and width of its cells, (Q,).
        num_refined: Cells of a pair that are refined.
    """

    def __init__(
        self,
        parameters: Parameters,
        is_positive: Tensor,
        anchors: GaussianMixtureBank,
        clip: float,
        grid_size: int,
    ) -> None:
        weights, means, variances = self.parameters = parameters
        low, high = _clip_range(means, variances, clip)
        cells = grid_size - 1
        self.low, self.width = low, (high - low) / cells
        self.num_refined = min(num_refined(weights.shape[-1]), cells)
        self.clip = clip
        self.quantiles = _quantiles(anchors, clip)
        self.narrowest_anchor = anchors.variances.amin().sqrt()
        self.begin = (~is_positive).to(torch.int32).unsqueeze(1)
        self.begin *= QUANTILES + 1
        self.steps = torch.arange(grid_size, device=low.device)
        self.fine = torch.linspace(0, 1, REFINEMENT + 1, device=low.device)

    def chunk(self, length: int) -> int:
        """Pairs with so many knots each that are computed at one time."""
        largest = _CHUNK_CPU if host.on_host(self.low) else _CHUNK
        return max(largest // length, 1)

    def grid(self, part: slice | Tensor) -> Tensor:
        """Knots of the uniform grid of some pairs, (q, G).

        On a CPU the CDF of wide mixtures is computed at every fourth knot,
        see :mod:`.wide_cdf`; to 1e-5 the knots are the same.
        """
        base, step = self.low[part, None], self.width[part, None]
        if not host.on_host(base):
            return self.aligned(base + step * self.steps, part)
        parameters = tuple(each[part] for each in self.parameters)
        cdf = grid_cdf(base, step, len(self.steps), parameters)
        return self._inverted(cdf, part)

    def refine(
        self, part: slice | Tensor, grid: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Knots of the cells that a straight line does not serve.

        Args:
            part: The pairs, q of them.
            grid: Their knots, see :meth:`grid`.

        Returns:
            The cells, (q, num_refined); their knots,
            (q, num_refined, REFINEMENT + 1); and how far the straight lines
            are off, (q,).
        """
        cells = _worst_cells(grid, self.num_refined)
        base, step = self.low[part, None], self.width[part, None]
        corner = base + step * cells
        z = corner[..., None] + step[..., None] * self.fine
        inner = self.aligned(z.flatten(1), part).view_as(z)
        line = torch.lerp(inner[..., :1], inner[..., -1:], self.fine)
        return cells, inner, line.sub_(inner).abs_().amax((1, 2))

    @property
    def range(self) -> tuple[float, float]:
        """Least and largest z' of any pair."""
        lowest, highest = torch.aminmax(self.quantiles)
        return float(lowest), float(highest)

    def line_bound(
        self,
        part: slice | Tensor,
        grid: Tensor,
        width: Tensor | None = None,
    ) -> Tensor:
        """What straight lines between knots of the grid are off at most.

        Half of the largest change from one rise to the next: exact for a
        bend in the middle of a cell (the clip), and four times what a
        smooth curve is off. Infinite where components are too narrow, for
        the grid or among the anchors, for the knots to tell.

        Args:
            part: The pairs, q of them.
            grid: Their knots, see :meth:`grid`; or z' at other distances.
            width: Those distances, (q,).

        Returns:
            (q,), at least the error that :meth:`refine` gives; tested in
            tests/logits/offsets/tables/test_tabulation.py.
        """
        rise = grid.diff(dim=-1)
        largest = rise.amax(-1)
        # in place of aminmax, which takes a CPU thirty times as long
        bound = rise.diff(dim=-1).abs_().amax(-1)
        # outside the grid nothing rises
        bound = torch.maximum(bound, rise[:, [0, -1]].amax(-1)) / 2
        narrowest = self.parameters[2][part].amin(-1).sqrt()
        width = self.width[part] if width is None else width
        is_smooth = (narrowest >= 2 * width) & (
            self.narrowest_anchor >= 2 * largest
        )
        return bound.masked_fill_(~is_smooth, torch.inf)

    def fill(self, knots: Knots) -> Tensor:
        """Tabulate all pairs, and refine each of them.

        Args:
            knots: Where the knots go.

        Returns:
            What straight lines between the knots of the grid are off, (Q,).
        """
        error = torch.empty_like(self.low)
        every = torch.arange(len(error), device=error.device)
        knots.begin_cells(every)
        size = self.chunk(knots.grid.shape[1] + knots.fine[0].numel())
        for start in range(0, len(error), size):
            part = slice(start, start + size)
            knots.grid[part] = grid = self.grid(part)
            cells, knots.fine[part], error[part] = self.refine(part, grid)
            knots.begin_refined(every[part], cells)
        return error

    def aligned(self, z: Tensor, part: slice | Tensor) -> Tensor:
        """z' of some pairs at z (q, n)."""
        parameters = (each[part] for each in self.parameters)
        return self._inverted(mixture_cdf(z, *parameters), part)

    def _inverted(self, p: Tensor, part: slice | Tensor) -> Tensor:
        """z' of some pairs at probabilities p (q, n), which are used up."""
        clip = self.clip
        p.sub_(clip).mul_(1 / (1 - 2 * clip)).clamp_(0, 1)
        return _quantile(self.quantiles, self.begin[part], p)


def _quantiles(anchors: GaussianMixtureBank, clip: float) -> Tensor:
    """F_a^-1 of both anchors at even steps from clip to 1 - clip, flat.

    A search among the points of a CDF for each knot would be half the cost
    of a table.
    """
    p = torch.linspace(
        clip, 1 - clip, QUANTILES + 1, device=anchors.means.device
    )
    weights, means, variances = anchors.parameters_
    return inverse_cdf(
        p.expand(2, -1), weights, means, variances, clip
    ).flatten()


def _quantile(quantiles: Tensor, begin: Tensor, p: Tensor) -> Tensor:
    """Between those steps; p (Q, P) in [0, 1] is used up, begin is (Q, 1)."""
    place = p.mul_(QUANTILES).clamp_(max=QUANTILES * (1 - 2**-24))
    index = place.to(torch.int32).add_(begin).flatten()
    left = quantiles.index_select(0, index)
    rise = quantiles.index_select(0, index.add_(1)).sub_(left)
    return left.addcmul_(rise, place.frac_().flatten()).view_as(p)


def clip_reach(clip: float) -> float:
    """Sigmas of a component that a grid covers: to its clip quantiles."""
    # with clip 0 the quantile is infinite; 4.5 sigma leave 3e-6 out
    return min(-NormalDist().inv_cdf(max(clip, 1e-9)), 4.5)


def _clip_range(
    means: Tensor, variances: Tensor, clip: float
) -> tuple[Tensor, Tensor]:
    """Bounds of the clip quantiles: those of the outermost components."""
    spread = variances.sqrt() * clip_reach(clip)
    low, high = (means - spread).amin(-1), (means + spread).amax(-1)
    return low, torch.maximum(high, low + LEAST)


def _worst_cells(values: Tensor, num: int) -> Tensor:
    """Cells where a straight line serves least, (pairs, num).

    z' never falls, so a line is wrong by no more than the rise of its cell;
    where the rise goes on from cell to cell the line is nearly right. What
    counts is the rise beyond the flattest cell nearby: a jump inside a cell,
    or over a few, counts in full, and not in the cells beside it.
    """
    rise = values.diff(dim=-1)
    flattest = -F.max_pool1d(-rise, 2 * NEARBY + 1, stride=1, padding=NEARBY)
    return (rise - flattest).topk(num, dim=-1).indices
