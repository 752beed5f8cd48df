"""Reading an offset table on a CPU, a chunk of pixels at a time.

Fresh memory costs a CPU more than arithmetic: a block of a few logits of a
chunk lies in its cache, in buffers that are used again, and so does what they
read of the table. Reading is the dearest step, as it takes one number at a
time: it is done four times for each logit, and all else by vectors.
``index_select`` is several times as fast there as indexing; whatever compares,
chooses or mixes integers with floats is several times as slow as a
multiplication.
"""

from collections.abc import Iterator
from itertools import groupby

import torch
from torch import Tensor

from .knots import REFINEMENT

# Logits of a block: few, so that many pixels read from their pairs while
# those lie in the cache.
_LOGITS = 3
# Logits of a chunk, which need not lie there: 32 MB.
_LARGEST = 2**23
# The offset of an infinite logit, times 0, is 0.
_HUGE = 1e38


class ChunkReader:
    """Reads what a table has for the pixels of one image after the other.

    Args:
        low, scale: Lower end, and cells per logit, of each (logit, row),
            float32 (C, rows). A scale of 0 says that a pair was never
            fitted: its offset is 0. The last row is for ignored pixels.
        starts: First knot of each cell, negative for refined ones, flat.
        values: Knots, flat; those of the grids of all pairs first.
        uniform: Of each logit, whether it is read between the knots of the
            grid alone.
        size: Elements of a block.
        pixels: Pixels of an image.
    """

    def __init__(
        self,
        low: Tensor,
        scale: Tensor,
        starts: Tensor,
        values: Tensor,
        uniform: list[bool],
        size: int,
        pixels: int,
    ) -> None:
        self.low, self.scale, self.starts = low, scale, starts
        self.values = values
        self.num_classes, self.rows = low.shape
        self.cells = len(starts) // max(self.num_classes * (self.rows - 1), 1)
        self.knots = self.cells + 1  # of a grid
        self.num_pixels = pixels
        rows = min(self.num_classes, _LOGITS)
        size = min(size // rows, _LARGEST // self.num_classes, pixels)
        self.size = max(size, 1)
        self.blocks = list(_blocks(uniform, rows))
        whole = self.num_classes * self.size
        self._logits = torch.arange(rows, dtype=starts.dtype).unsqueeze(1)
        self._aligned = low.new_empty(whole)
        self._floats = low.new_empty(2, rows * self.size)
        self._ints = starts.new_empty(4, rows * self.size)
        self._fitted = (scale > 0).float()

    def parts(self) -> Iterator[slice]:
        """The pixels of each chunk."""
        for start in range(0, self.num_pixels, self.size):
            yield slice(start, min(start + self.size, self.num_pixels))

    def offset(self, z: Tensor, row: Tensor) -> Tensor:
        """Offsets of a chunk; 0 for pairs that were never fitted.

        Args:
            z: Logits, float32 (C, n).
            row: Row of each pixel, (n,), of the integer type of ``starts``.

        Returns:
            Offsets, (C, n), in memory that the next chunk overwrites.
        """
        aligned = self._align(z, row)
        spare = self._floats[0]
        for first, last, _ in self.blocks:
            part = aligned[first:last]
            finite = spare[: part.numel()].view_as(part)
            torch.clamp(z[first:last], -_HUGE, _HUGE, out=finite)
            fitted = self._fitted[first:last]
            part.sub_(finite)
            torch.index_select(fitted, 1, row, out=finite)
            part.mul_(finite)
        return aligned

    def adjusted(self, z: Tensor, row: Tensor, tau: float) -> Tensor:
        """z - tau Delta of a chunk (Eq. 9).

        Args:
            z, row: As above.
            tau: Scale of the offset.

        Returns:
            (C, n), in memory that the next chunk overwrites; any number for
            pixels of the last row.
        """
        if self._fitted[:, :-1].all():
            aligned = self._align(z, row)
            return torch.lerp(z, aligned, -tau, out=aligned)
        offset = self.offset(z, row)
        return torch.add(z, offset, alpha=-tau, out=offset)

    def _align(self, z: Tensor, row: Tensor) -> Tensor:
        """z' of a chunk, (C, n); any number where no pair was fitted."""
        size = len(row)
        aligned = self._aligned[: self.num_classes * size]
        # any pair will do for the last row
        pair = row.clamp(max=self.rows - 2).mul_(self.num_classes)
        firsts: dict[int, Tensor] = {}
        for first, last, uniform in self.blocks:
            # a uniform cell has the number of the knot to its left
            length = self.knots if uniform else self.cells
            if length not in firsts:
                memory = self._ints[2 + len(firsts)]
                firsts[length] = memory[: len(self._logits) * size]
                torch.add(
                    pair,
                    self._logits,
                    out=firsts[length].view(-1, size),
                ).mul_(length)
            used = (last - first) * size
            out = aligned[first * size : last * size]
            place = self._place(z, row, first, last)
            self._interpolate(
                place, firsts[length][:used], first, uniform, out
            )
        return aligned.view(-1, size)

    def _place(self, z: Tensor, row: Tensor, first: int, last: int) -> Tensor:
        """Cell of each logit of a block, and the share of it to the left."""
        part = slice(first, last)
        used = (last - first) * len(row)
        place, spare = (t[:used].view(-1, len(row)) for t in self._floats)
        torch.index_select(self.low[part], 1, row, out=spare)
        torch.sub(z[part], spare, out=place)
        torch.index_select(self.scale[part], 1, row, out=spare)
        # NaN is the loss's to report, and no index
        place.mul_(spare).nan_to_num_(0.0).clamp_(0, _below(self.cells))
        return place.view(-1)

    def _interpolate(
        self,
        place: Tensor,
        first: Tensor,
        logit: int,
        uniform: bool,
        out: Tensor,
    ) -> None:
        """z' of a block.

        Args:
            place: As above, flat; used up.
            first: Number of the first cell of each one's pair (of the first
                knot if ``uniform``), for a block that begins with logit 0.
            logit: The logit that this one begins with.
            uniform: Read between the knots of the grid alone.
            out: Where z' goes, flat.
        """
        spare = self._floats[1, : len(place)]
        cell, start = (t[: len(place)] for t in self._ints[:2])
        cell.copy_(place).add_(first)
        share = place.frac_()
        values = self.values
        if uniform:
            values = values[logit * self.knots :]
            knot = cell
        else:
            starts = self.starts[logit * self.cells :]
            torch.index_select(starts, 0, cell, out=start)
            knot = _refine(start, share, cell, spare)
        # the grid has a knot more than cells, and one is left of each cell
        torch.index_select(values, 0, knot, out=out)
        torch.index_select(values[1:], 0, knot, out=spare)
        out.add_(spare.sub_(out).mul_(share))


def _blocks(uniform: list[bool], rows: int) -> Iterator[tuple]:
    """First and last logit of each block, and how all of it is read."""
    for kind, run in groupby(range(len(uniform)), uniform.__getitem__):
        logits = list(run)
        for start in range(logits[0], logits[-1] + 1, rows):
            yield start, min(start + rows, logits[-1] + 1), kind


def _refine(
    start: Tensor, share: Tensor, memory: Tensor, intervals: Tensor
) -> Tensor:
    """The knot to the left of each logit, among those of its cell.

    Args:
        start: First knot of the cell, negative for refined ones.
        share: Of the cell that lies to the left of the logit; turned into
            the share of the interval between two knots.
        memory: Like ``start``; the knots lie there.
        intervals: Memory like ``share``.
    """
    refined = torch.clamp(start, -1, 0, out=memory)  # -1, others 0
    intervals.copy_(refined).mul_(1 - REFINEMENT).add_(1)
    # a product may round up to the next knot
    step = share.mul_(intervals).clamp_(max=_below(REFINEMENT))
    knot = refined.copy_(step).add_(start.abs_())
    step.frac_()
    return knot


def _below(number: int) -> float:
    """The largest float32 below an integer."""
    return number * (1 - 2**-24)
