"""Scores of Eq. 7 on a CPU: C x C offsets a pixel, C of them at a time.

For a class c the sum over the other logits in Eq. 7 is one of terms
exp(f_l + tau Delta_cl(f_l)), each a function of one logit: with the knots of
all classes side by side, and on one grid a logit, C terms are read at once,
and a pixel's sum is a bag of rows, weighted.
"""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from ..offsets.tables import tabulation
from ..offsets.tables.table import OffsetTable
from .row_lookup import PairLookup

# Numbers of a table: 128 MB, a grid of 1491 knots for 150 classes; and of
# all tables that are kept beside an offset table.
_LARGEST, _KEPT = 2**25, 2**26
# More do not pay: 5e-3 logits a cell in a range of 40.
_MOST_KNOTS = 2**13
# Pairs that the grid does not serve, of all: beyond, little is gained.
_DOUBTFUL = 1 / 16
# Range of the exponents of a table; exp(-88) is the least float32.
_RANGE = 60.0
# Rows that are read for a chunk of pixels, two for each logit.
_CHUNK = 2**18


class ScoreTable:
    """Eq. 7 for one tau and one bank.

    Equals the scores by lookups to 2e-3 in the worst pixel and 5e-5 on
    average; tested in tests/logits/post_hoc/test_score_table.py. The own
    logit of a class is looked up by itself, and so are the few pairs that
    straight lines between the knots do not serve to
    ``tabulation.TOLERANCE``.

    Args:
        table: Offsets, of a CPU.
        tau: Scale of the offset, above 0.
        domain: Index of the bank.

    Attributes:
        is_usable: Whether there is a table: most pairs are smooth, and no
            exponent leaves the range of float32.
    """

    def __init__(self, table: OffsetTable, tau: float, domain: int) -> None:
        classes = table.num_classes
        self.num_classes, self.tau = classes, tau
        rows = slice(domain * classes, (domain + 1) * classes)
        first = rows.start * classes
        fitted = table.fitted[:, rows].T > 0  # (c, l), as all below
        self.unfitted = (~fitted).float().fill_diagonal_(0)
        self.has_unfitted = bool(self.unfitted.any())
        self.num_knots = min(_LARGEST // classes**2, _MOST_KNOTS)
        self.low, self.width = _grids(table, rows, fitted, self.num_knots)
        self.bottom, self.top = (tau * end for end in table.tabulator.range)
        self.is_usable = self.top - self.bottom <= _RANGE
        if not self.is_usable:
            return
        own = torch.arange(classes) * (classes + 1)
        self.own = PairLookup(table, first + own)
        self.knots = torch.zeros(classes * self.num_knots, classes)
        doubtful = self._fill(table, first, fitted)
        self.is_usable = len(doubtful) <= _DOUBTFUL * classes**2
        self.doubtful = doubtful // classes, doubtful % classes
        self.others = None
        if self.is_usable and len(doubtful):
            self.others = PairLookup(table, first + doubtful)

    @classmethod
    def of(
        cls, table: OffsetTable, tau: float, domain: int, num_pixels: int
    ) -> 'ScoreTable | None':
        """The table for some pixels, kept; None where lookups serve better.

        Args:
            table, tau, domain: As above.
            num_pixels: Pixels that are to be scored.
        """
        if tau == 0 or not table.is_lazy:  # of a GPU, or by kernels
            return None
        kept: dict[Any, ScoreTable] = table.score_tables
        found = kept.get((tau, domain))
        if found is None:
            classes = table.num_classes
            knots = min(_LARGEST // classes**2, _MOST_KNOTS)
            size = knots * classes**2
            # as many lookups as a table of them has knots cost the same
            if num_pixels < knots or (len(kept) + 1) * size > _KEPT:
                return None
            found = kept[tau, domain] = cls(table, tau, domain)
        return found if found.is_usable else None

    @torch.autocast('cpu', enabled=False)
    def scores(self, logits: Tensor) -> Tensor:
        """Scores of pixels, see :func:`.scores.table_scores`.

        Args:
            logits: float32 (C, P), finite.

        Returns:
            log p~, float32 (C, P).
        """
        out = torch.empty_like(logits)
        size = max(_CHUNK // (2 * self.num_classes), 1)
        for z, part in zip(
            logits.split(size, 1), out.split(size, 1), strict=True
        ):
            part.copy_(self._scores(z))
        return out

    def _fill(self, table: OffsetTable, first: int, fitted: Tensor) -> Tensor:
        """Write the knots; the numbers c * C + l of doubtful pairs."""
        classes, tau, tabulator = self.num_classes, self.tau, table.tabulator
        knots = self.knots.view(classes, self.num_knots, classes)
        steps = torch.arange(self.num_knots)
        z = self.low.unsqueeze(1) + self.width.unsqueeze(1) * steps
        doubtful = []
        few = 16  # a line of the cache of the table
        for start in range(0, classes, few):
            terms = []
            for c in range(start, min(start + few, classes)):
                part = slice(first + c * classes, first + (c + 1) * classes)
                aligned = tabulator.aligned(z, part)
                off = tabulator.line_bound(part, aligned, self.width)
                served = fitted[c] & (tau * off <= tabulation.TOLERANCE)
                others = (fitted[c] & ~served).nonzero().squeeze(1)
                doubtful.append(c * classes + others[others != c])
                term = _best_lines(aligned.mul_(tau).sub_(self.top).exp_())
                served[c] = False
                terms.append(term.mul_(served.unsqueeze(1)))
            knots[..., start : start + few] = torch.stack(terms, -1)
        return torch.cat(doubtful)

    def _scores(self, z: Tensor) -> Tensor:
        tau = self.tau
        own = self.own.offset(z).mul_(tau).add_(z)
        rest = (1 - tau) * z
        shift = rest.amax(0) + self.top
        if self.has_unfitted:
            shift = torch.maximum(shift, z.amax(0))
        # a term is exp(rest + tau z' - shift)
        weight = rest.add_(self.top).sub_(shift).exp_()
        rows, weights = self._bag(z, weight)
        total = F.embedding_bag(
            rows, self.knots, per_sample_weights=weights, mode='sum'
        ).T
        total = total + torch.exp(own - shift)
        if self.has_unfitted:
            total.addmm_(self.unfitted, torch.exp(z - shift))
        if self.others is not None:
            c, logit = self.doubtful
            moved = self.others.offset(z[logit]).mul_(tau).add_(z[logit])
            total.index_add_(0, c, moved.sub_(shift).exp_())
        return own.sub_(shift).sub_(total.log_())

    def _bag(self, z: Tensor, weight: Tensor) -> tuple[Tensor, Tensor]:
        """Rows of ``knots`` to add up, and their weights, (pixels, 2 C)."""
        classes, pixels = z.shape
        place = (z - self.low.unsqueeze(1)).div_(self.width.unsqueeze(1))
        # below the last knot, as the one to the right is read as well
        place.clamp_(0, (self.num_knots - 1) * (1 - 2**-24))
        rows = torch.empty(pixels, classes, 2, dtype=torch.int32)
        rows[..., 0] = place.T
        rows[..., 0] += torch.arange(
            0, classes * self.num_knots, self.num_knots, dtype=torch.int32
        )
        torch.add(rows[..., 0], 1, out=rows[..., 1])
        weights = torch.empty(pixels, classes, 2)
        share = place.frac_().mul_(weight)
        weights[..., 1] = share.T
        weights[..., 0] = weight.sub_(share).T
        return rows.flatten(1), weights.flatten(1)


def _best_lines(terms: Tensor) -> Tensor:
    """Knots of lines that are as much above a curve as below it.

    Lines through the curve lie above it wherever it is convex, and a sum
    over many logits has all of their errors.
    """
    bend = terms[:, 2:] - 2 * terms[:, 1:-1] + terms[:, :-2]
    terms[:, 1:-1].sub_(bend, alpha=1 / 12)
    return terms


def _grids(
    table: OffsetTable, rows: slice, fitted: Tensor, num_knots: int
) -> tuple[Tensor, Tensor]:
    """Lower end and distance of the knots of each logit, for all classes."""
    low, scale = table.low[:, rows].T, table.scale[:, rows].T
    high = low + table.num_cells / scale
    infinity = torch.tensor(torch.inf)
    low = torch.where(fitted, low, infinity).amin(0)
    high = torch.where(fitted, high, -infinity).amax(0)
    # of a logit that no class has a distribution of nothing is read
    low, high = low.nan_to_num(0, 0, 0), high.nan_to_num(0, 0, 0)
    return low, ((high - low) / (num_knots - 1)).clamp_(min=1e-6)
