"""Offsets of many pixels that share a label, as post-hoc scores need them."""

import torch
from torch import Tensor

from ..offsets.tables.knots import REFINEMENT
from ..offsets.tables.table import OffsetTable

# Knots of all rows of a table that are kept: 256 MB, 40 classes and 2 domains.
_KEPT = 2**26


class PairLookup:
    """Offsets of some pairs (c, l) of an :class:`OffsetTable`.

    Where the pair is fixed, all of its cells can be as fine as the refined
    ones: the same piecewise linear function on knots of equal distance. It
    takes two reads and no question which kind of cell a logit falls into.

    Args:
        table: Offsets of one bank or several.
        pairs: Numbers of the pairs, (domain * C + c) * C + l, int64 (q,).
    """

    def __init__(self, table: OffsetTable, pairs: Tensor) -> None:
        row, logit = pairs // table.num_classes, pairs % table.num_classes
        self.low = table.low[logit, row].unsqueeze(1)  # as the next two
        # knots per logit
        self.scale = table.scale[logit, row].unsqueeze(1) * REFINEMENT
        self.fitted = table.fitted[logit, row].unsqueeze(1)
        knots = _fine_knots(table, pairs)
        self.num_intervals = knots.shape[1] - 1
        self.knots = knots.view(-1)
        small = self.knots.numel() < torch.iinfo(torch.int32).max
        self.first = torch.arange(
            len(pairs),
            dtype=torch.int32 if small else torch.int64,
            device=knots.device,
        )
        self.first = self.first.mul_(knots.shape[1]).unsqueeze(1)

    def offset(self, logits: Tensor) -> Tensor:
        """Offsets of pixels, of each pair.

        Equals ``OffsetTable.lookup`` to 1e-4; tested in
        tests/logits/post_hoc/test_scores.py.

        Args:
            logits: Of each pair its logit, float32 (q, P).

        Returns:
            Offsets (q, P), 0 for pairs that were never updated.
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


class RowLookup(PairLookup):
    """The row of an :class:`OffsetTable` that belongs to one label.

    The row of 19 classes takes 2.5 MB for the default grid.

    Args:
        table: Offsets of one bank or several.
        row: Number of the row, domain * C + c.
    """

    def __init__(self, table: OffsetTable, row: int) -> None:
        classes = table.num_classes
        logits = torch.arange(classes, device=table.low.device)
        super().__init__(table, row * classes + logits)

    @classmethod
    def of(cls, table: OffsetTable, row: int) -> 'RowLookup':
        """The lookup of a row, kept with the table where there is room."""
        if row in table.row_lookups:
            return table.row_lookups[row]
        lookup = cls(table, row)
        if table.num_rows * lookup.knots.numel() <= _KEPT:
            table.row_lookups[row] = lookup
        return lookup


def _fine_knots(table: OffsetTable, pairs: Tensor) -> Tensor:
    """Knots of some pairs at the distance of the refined ones.

    Returns:
        z' at the knots, (q, cells * REFINEMENT + 1).
    """
    values, refined, fine = table.pair_knots(pairs)
    cells = values.shape[1] - 1
    step = torch.arange(REFINEMENT, device=values.device)
    knots = values.new_empty(len(pairs), cells * REFINEMENT + 1)
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
