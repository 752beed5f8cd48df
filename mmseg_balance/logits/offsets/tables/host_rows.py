"""Rows of a table on a CPU: each is tabulated when it is first asked for.

A row holds the C pairs of one domain and class. A batch has few of 150
classes, and a table of all of them takes longer than the network.
"""

import threading

import torch
from torch import Tensor

from .knots import Knots
from .tabulation import Tabulator

# Held while rows are filled: of another thread's rows a reader must see all
# or nothing. One for all tables, as those are copied and pickled.
_FILLING = threading.Lock()


class HostRows:
    """Fills the knots of a table row by row.

    A row has the same knots, bit by bit, whichever others are asked for, and
    in whichever order. Pairs that were never fitted get knots of 0, and so
    does a row that ignored pixels may read, times 0. A pair is refined only
    where its grid alone is off by more than the tolerance.

    Args:
        tabulator: Computes the knots of the pairs, (rows * C).
        knots: Where they go.
        fitted: Pairs that have an offset, bool (rows, C).
        tolerance: What the grid of a pair may be off, in logits.

    Attributes:
        error: What the grids of each logit are off at most, over the rows
            that were asked for so far, (C,).
    """

    def __init__(
        self,
        tabulator: Tabulator,
        knots: Knots,
        fitted: Tensor,
        tolerance: float,
    ) -> None:
        self.tabulator = tabulator
        self.knots = knots
        self.fitted = fitted
        self.tolerance = tolerance
        self.error = torch.zeros(fitted.shape[1])
        self._has_knots = torch.zeros(len(fitted), dtype=torch.bool)
        self._has_starts = torch.zeros_like(self._has_knots)
        self._refined: list[tuple[Tensor, Tensor]] = []  # pairs, their cells
        self._clear(len(fitted) - 1)

    def ensure(self, row: Tensor, starts: bool = False) -> Tensor:
        """Tabulate rows that are not there.

        Args:
            row: Their numbers, integers of any shape; larger ones, of
                ignored pixels, are no rows.
            starts: Say where each cell begins, too. Default: only where a
                logit has refined cells.

        Returns:
            ``error`` as it is now, by which these rows can be read.
        """
        count = row.flatten().bincount(minlength=len(self.fitted) + 1)
        wanted = count[: len(self.fitted)] > 0
        with _FILLING:
            new = wanted & ~self._has_knots
            if bool(new.any()):
                self._fill(new)
            if starts or self.needs_starts:
                # the last one is what ignored pixels read
                wanted[-1] = True
                self._begin(wanted & ~self._has_starts)
            return self.error.clone()

    def ensure_all(self) -> Tensor:
        """Tabulate all rows, and say of all where their cells begin."""
        return self.ensure(torch.arange(len(self.fitted)), starts=True)

    @property
    def needs_starts(self) -> bool:
        """Whether any logit is read with its refined cells."""
        return bool((self.error > self.tolerance).any())

    def _clear(self, row: int) -> None:
        classes = self.fitted.shape[1]
        self.knots.grid[row * classes : (row + 1) * classes] = 0

    def _fill(self, rows: Tensor) -> None:
        """Tabulate the rows of a mask, (rows,)."""
        self._has_knots |= rows
        # the last row has starts before it has knots
        self._has_starts &= ~rows
        known = rows.unsqueeze(1) & self.fitted
        unknown = (rows.unsqueeze(1) & ~self.fitted).flatten().nonzero()
        self.knots.grid[unknown.squeeze(1)] = 0
        pairs = known.flatten().nonzero().squeeze(1)
        size = self.tabulator.chunk(self.knots.grid.shape[1])
        for part in pairs.split(size) if len(pairs) else ():
            grid = self.tabulator.grid(part)
            self.knots.grid[part] = grid
            error = self.tabulator.line_bound(part, grid)
            doubtful = (error > self.tolerance).nonzero().squeeze(1)
            if len(doubtful):
                error[doubtful] = self._refine(part[doubtful], grid[doubtful])
            self._note(part, error)

    def _refine(self, pairs: Tensor, grid: Tensor) -> Tensor:
        """Tabulate cells of pairs anew where that counts; their errors."""
        errors = []
        size = self.tabulator.chunk(self.knots.fine[0].numel())
        for part, own in zip(pairs.split(size), grid.split(size), strict=True):
            cells, inner, error = self.tabulator.refine(part, own)
            counts = (error > self.tolerance).nonzero().squeeze(1)
            if len(counts):
                self.knots.fine[part[counts]] = inner[counts]
                self._refined.append((part[counts], cells[counts]))
            errors.append(error)
        return torch.cat(errors)

    def _note(self, pairs: Tensor, error: Tensor) -> None:
        logit = pairs % self.fitted.shape[1]
        self.error.scatter_reduce_(0, logit, error, 'amax')

    def _begin(self, rows: Tensor) -> None:
        """Say where the cells begin of the rows of a mask, (rows,)."""
        self._has_starts |= rows
        pairs = rows.repeat_interleave(self.fitted.shape[1])
        self.knots.begin_cells(pairs.nonzero().squeeze(1))
        for refined, cells in self._refined:
            own = pairs[refined]
            self.knots.begin_refined(refined[own], cells[own])
