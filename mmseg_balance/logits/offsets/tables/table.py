"""Offsets from a table: one interpolation for each logit, not K CDFs.

z' = F_a^-1(clip(F_cl(z))) depends on (domain, c, l, z) alone.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from ....errors import UserRuntimeError
from ...mixtures.gmm import GaussianMixtureBank
from .building import tabulated
from .fused_lookup import check_classes, fused_lookup, reads_fused
from .host_rows import HostRows
from .knots import Knots
from .table_lookup import TableReader
from .tabulation import Tabulator


class OffsetTable:
    """Tabulated offsets of several domains, looked up pixel by pixel.

    Equals ``align(z) - z`` to 0.02 in the worst logit and 5e-4 on average, of
    mixtures with collapsed components as well; tested in
    tests/logits/offsets/tables/test_table.py and, against the released code,
    reference/test_alignment.py.

    Made by :meth:`build`. Pair q = (domain, c, l) has the G knots of a
    uniform grid at ``values[q * G]``; behind the grids of all pairs lie
    REFINEMENT + 1 knots for each refined cell. ``starts`` says for cell b of
    pair q where its knots begin in ``values``; the number is negative where
    the cell is a refined one.

    On a CPU a row, the pairs of (domain, c), is tabulated when it is first
    looked up, and refined only where that counts
    (:class:`.host_rows.HostRows`); asked for ``values``, ``starts`` or
    ``error``, the table is completed. It goes by the banks as they were, and
    raises a RuntimeError once a later table has taken its memory.

    Example:
        >>> source, target = (GaussianMixtureBank((3, 3)) for _ in range(2))
        >>> anchors = GaussianMixtureBank((2,))
        >>> table = OffsetTable.build([source, target], anchors)
        >>> logits, labels = torch.randn(1, 3, 4, 4), torch.ones(1, 4, 4)
        >>> target_mask = torch.rand(1, 4, 4) < 0.5
        >>> delta = table.lookup(logits, labels, domain=target_mask)
        >>> delta.shape, delta.any()  # no pair was fitted yet
        (torch.Size([1, 3, 4, 4]), tensor(False))
    """

    def __init__(
        self,
        low: Tensor,
        scale: Tensor,
        fitted: Tensor,
        knots: Knots,
        error: Tensor | HostRows,
    ) -> None:
        self.low = low  # (C, rows + 1), the last row is for ignored pixels
        self.scale = scale  # (C, rows + 1), cells per logit
        self.fitted = fitted  # (C, rows + 1), 1 or 0
        self.knots = knots
        self._use = knots.uses
        self._lazy = error if isinstance(error, HostRows) else None
        self._error = error
        self.num_classes = len(low)
        self.num_cells = knots.starts.shape[1]
        self.num_rows = low.shape[1] - 1
        # RowLookup keeps what it made of a row
        self.row_lookups: dict[int, Any] = {}
        self.score_tables: dict[Any, Any] = {}  # and ScoreTable itself

    @property
    def is_overwritten(self) -> bool:
        """Whether a later table has taken its memory."""
        return self._use != self.knots.uses

    @property
    def values(self) -> Tensor:
        """All knots, flat: of the grids, (rows * C * G), and refined ones."""
        self._complete()
        return self.knots.values

    @property
    def starts(self) -> Tensor:
        """First knot of each cell, negative if refined, (rows * C * cells)."""
        self._complete()
        return self.knots.starts.flatten()

    @property
    def error(self) -> Tensor:
        """Of each logit: what the uniform grids alone would be off, (C,)."""
        return self._complete()

    def _complete(self) -> Tensor:
        """Tabulate what is not there; what the grids are off, (C,)."""
        self._check_memory()
        if isinstance(self._error, HostRows):
            return self._error.ensure_all()
        return self._error

    def _check_memory(self) -> None:
        if self.is_overwritten:
            raise UserRuntimeError(
                'This table gave its memory to that of a later update: ask '
                'for `statistics.table` again after each update'
            )

    @classmethod
    @torch.inference_mode(False)  # rows may be filled in outside of it
    @torch.no_grad()
    def build(
        cls,
        banks: Sequence[GaussianMixtureBank],
        anchors: GaussianMixtureBank,
        clip: float = 0.01,
        grid_size: int = 512,
        *,
        needs_anchors: bool = False,
        instead_of: 'OffsetTable | None' = None,
        kernels: str = 'auto',
    ) -> 'OffsetTable':
        """Tabulate the offsets of several banks.

        Args:
            banks: One bank of shape (C, C) a domain.
            anchors: Bank of shape (2,): positive, then negative.
            clip: The CDF is clamped to [clip, 1 - clip].
            grid_size: Knots of the uniform grid, at least 32.
            needs_anchors: All offsets are 0 until both anchors are fitted.
            instead_of: A table of earlier numbers that nobody reads any
                more: on a CPU its memory is used again.
            kernels: What tabulates, see
                :func:`...kernels.choice.runs_fused`.

        Raises:
            ValueError: Banks that do not fit, or a setting out of range.
        """
        former = None if instead_of is None else instead_of.knots
        return cls(
            *tabulated(
                banks,
                anchors,
                clip,
                grid_size,
                needs_anchors=needs_anchors,
                former=former,
                kernels=kernels,
            )
        )

    def reader(self, row: Tensor) -> TableReader:
        """What reads the offsets of some pixels.

        Args:
            row: Row of each pixel, see :meth:`rows`.

        Returns:
            The reader, of these rows alone.
        """
        self._check_memory()
        error = self._error
        if isinstance(error, HostRows):
            error = error.ensure(row)
        return TableReader(
            self.low,
            self.scale * self.fitted,
            self.knots.starts.view(-1),
            self.knots.values,
            error,
        )

    @property
    def is_lazy(self) -> bool:
        """Whether rows are tabulated when they are asked for."""
        return self._lazy is not None

    @property
    def tabulator(self) -> Tabulator:
        """What tabulates the rows of a lazy table."""
        assert self._lazy is not None
        return self._lazy.tabulator

    def pair_knots(self, pairs: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """All there is to know of some pairs, each of them refined.

        Args:
            pairs: Their numbers, (domain * C + c) * C + l, int64 (q,).

        Returns:
            Knots of the grid (q, G), refined cells (q, num) and their knots
            (q, num, REFINEMENT + 1).
        """
        if self._lazy is not None:
            grid = self._lazy.tabulator.grid(pairs)
            return grid, *self._lazy.tabulator.refine(pairs, grid)[:2]
        fine = self.knots.fine[pairs]
        # refined cells are the negative ones, the first of them the largest
        starts = self.knots.starts[pairs]
        cells = starts.topk(fine.shape[1], dim=1, largest=False).indices
        return self.knots.grid[pairs], cells.flip(1), fine

    @torch.no_grad()
    def lookup(
        self,
        logits: Tensor,
        labels: Tensor,
        domain: Tensor | None = None,
        ignore_index: int = 255,
        kernels: str = 'auto',
    ) -> Tensor:
        """Offsets Delta of a batch.

        Args:
            logits: (N, C, ...).
            labels: (N, ...).
            domain: Index of each pixel's bank, (N, ...), bool or integer.
                Default: the first bank for all.
            ignore_index: Label of pixels whose offset is 0.
            kernels: What reads: see :func:`.fused_lookup.reads_fused`.

        Returns:
            Offsets, float32 (N, C, ...), 0 for ignored pixels and for pairs
            that were never updated.
        """
        check_classes(self, logits)
        if reads_fused(logits, kernels):
            return fused_lookup(self, logits, labels, domain, ignore_index)
        if logits.numel() == 0:
            return torch.zeros_like(logits, dtype=torch.float32)
        row = self.rows(labels, domain, ignore_index)
        reader = self.reader(row)
        if logits.dim() == 2:  # pixels without images: one image of them
            z = logits.detach().T.unsqueeze(0)
            return reader.read(z, row.T).squeeze(0).T.contiguous()
        z = logits.detach().reshape(*logits.shape[:2], -1)
        return reader.read(z, row).view(logits.shape)

    @property
    def tensors(self) -> tuple[Tensor, ...]:
        """What kernels read: low, scale, fitted, starts and values."""
        return self.low, self.scale, self.fitted, self.starts, self.values

    def rows(
        self, labels: Tensor, domain: Tensor | None, ignore_index: int
    ) -> Tensor:
        """Row of each pixel in ``low``, (N, P); the last one if ignored.

        Args:
            labels, domain, ignore_index: As those of :meth:`lookup`.
        """
        classes, last = self.num_classes, self.num_rows
        row = torch.arange(-1, classes + 1, device=labels.device)
        row = row.to(self.knots.starts.dtype)
        row[0] = row[-1] = last
        if 0 <= ignore_index < classes:
            row[ignore_index + 1] = last
        # a label outside the classes must not read another bank's row
        place = labels.flatten().long().clamp(-1, classes).add_(1)
        row = row.index_select(0, place)
        if domain is not None:
            row += classes * domain.flatten().to(row.dtype)
        return row.clamp_(max=last).view(len(labels), -1)
