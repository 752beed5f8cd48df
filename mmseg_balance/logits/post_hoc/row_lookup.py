"""Offsets of many pixels that share a label, as post-hoc scores need them."""

import torch
from torch import Tensor

from ..offsets.knots import REFINEMENT
from ..offsets.table import OffsetTable

# Knots of all rows of a table that are kept: 256 MB, 40 classes and 2 domains.
_KEPT = 2**26


class RowLookup:
    """The row of an :class:`OffsetTable` that belongs to one label.

    Where the label is fixed, each logit reads from one pair alone, and all
    cells of the row can be as fine as the refined ones: the same piecewise
    linear function on knots of equal distance. It takes two reads and no
    question which kind of cell a logit falls into. The row of 19 classes
    takes 2.5 MB for the default grid.

    Args:
        table: Offsets of one bank or several.
        row: Number of the row, domain * C + c.
    """

    def __init__(self, table: OffsetTable, row: int) -> None:
        self.low = table.low[:, row, None]  # (C, 1), as the next two
        self.scale = table.scale[:, row, None] * REFINEMENT  # knots per logit
        self.fitted = table.fitted[:, row, None]
        knots = _fine_knots(table, row)
        self.num_intervals = knots.shape[1] - 1
        self.knots = knots.view(-1)
        small = self.knots.numel() < torch.iinfo(torch.int32).max
        self.first = torch.arange(
            0,
            self.knots.numel(),
            knots.shape[1],
            dtype=torch.int32 if small else torch.int64,
            device=knots.device,
        ).unsqueeze(1)

    @classmethod
    def of(cls, table: OffsetTable, row: int) -> 'RowLookup':
        """The lookup of a row, kept with the table where there is room."""
        if row in table.row_lookups:
            return table.row_lookups[row]
        lookup = cls(table, row)
        if table.num_rows * lookup.knots.numel() <= _KEPT:
            table.row_lookups[row] = lookup
        return lookup

    def offset(self, logits: Tensor) -> Tensor:
        """Offsets of pixels with the label of this row.

        Equals ``OffsetTable.lookup`` to 1e-4; tested in
        tests/logits/post_hoc/test_scores.py.

        Args:
            logits: float32 (C, P).

        Returns:
            Offsets (C, P), 0 for pairs that were never updated.
        """
        place = (logits - self.low).mul_(self.scale)
        # NaN is the caller's to see, and no index; below the last knot, as
        # the one to the right is read as well
        last = self.num_intervals * (1 - 2**-24)
        place.nan_to_num_(0.0).clamp_(0, last)
        knot = place.to(self.first.dtype).add_(self.first).reshape(-1)
        left = self.knots.index_select(0, knot).view_as(place)
        rise = self.knots.index_select(0, knot.add_(1)).view_as(place)
        rise.sub_(left)
        left.addcmul_(rise, place.frac_())
        # the offset of an infinite logit, times 0, is 0
        left.sub_(torch.clamp(logits, -1e38, 1e38, out=rise))
        return left.mul_(self.fitted)


def _fine_knots(table: OffsetTable, row: int) -> Tensor:
    """Knots of all pairs of a row at the distance of the refined ones.

    Returns:
        z' at the knots, (C, cells * REFINEMENT + 1).
    """
    values, refined, fine = table.row_knots(row)
    classes, cells = len(values), values.shape[1] - 1
    step = torch.arange(REFINEMENT, device=values.device)
    knots = values.new_empty(classes, cells * REFINEMENT + 1)
    knots[:, -1] = values[:, cells]
    inner = knots[:, :-1].unflatten(1, (cells, REFINEMENT))
    torch.addcmul(
        values[:, :cells, None],
        values.diff().unsqueeze(-1),
        step / REFINEMENT,
        out=inner,
    )
    fine = fine[..., :REFINEMENT]
    inner.scatter_(1, refined.unsqueeze(-1).expand_as(fine), fine)
    return knots
