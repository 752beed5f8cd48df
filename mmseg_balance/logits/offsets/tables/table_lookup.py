"""Reading an offset table: what training does with each logit.

On a CPU chunk by chunk, as :mod:`.chunk_reader` does; on a GPU a chunk has
all logits of many pixels, so that few kernels are started.
"""

import torch
from torch import Tensor

from ... import host
from . import tabulation
from .chunk_reader import ChunkReader
from .knots import REFINEMENT

# Logits that a CPU works on at one time: few enough for its cache, many
# enough for the cost of a call.
_CHUNK = 2**17
# Logits of a chunk on a GPU: seven buffers of them take 60 MB.
_DEVICE_CHUNK = 2**21
# The offset of an infinite logit, times 0, is 0.
_HUGE = 1e38


class TableReader:
    """Interpolates in the knots of a table, chunk by chunk.

    Args:
        low, scale: Lower end, and cells per logit, of each (logit, row),
            float32 (C, rows). A scale of 0 says that a pair was never
            fitted: its offset is 0.
        starts: First knot of each cell, negative for refined ones, flat;
            cell b of pair (row, logit) is number (row * C + logit) * cells
            + b. Where no refined cell is read they may be unknown.
        values: Knots, flat; those of the grids of all pairs first,
            (pairs * (cells + 1)).
        error: What the grids alone would be off, of each logit, (C,). On a
            CPU a logit is read between these where that is no more than
            ``tabulation.TOLERANCE``.
    """

    def __init__(
        self,
        low: Tensor,
        scale: Tensor,
        starts: Tensor,
        values: Tensor,
        error: Tensor,
    ) -> None:
        self.num_classes, self.rows = low.shape
        self.low, self.scale = low.flatten(), scale.flatten()
        self.starts = starts
        self.values = values
        self.cells = len(starts) // max(len(low) * (self.rows - 1), 1)
        self.error = error

    def read_plainly(self, z: Tensor, row: Tensor) -> Tensor:
        """Offsets of a batch, as a formula: the reference of :meth:`read`.

        Args and what is returned: as those of :meth:`read`, which leaves
        the finer cells out where they hardly matter.
        """
        logit = torch.arange(self.num_classes, device=z.device).unsqueeze(1)
        row = row.long().unsqueeze(1)
        pair = row.clamp(max=self.rows - 2) * self.num_classes + logit
        low, scale = (
            t[logit * self.rows + row] for t in (self.low, self.scale)
        )
        place = ((z.float() - low) * scale).nan_to_num(0.0)
        place = place.clamp(0, _below(self.cells))
        start = self.starts[pair * self.cells + place.long()]
        step = place.frac() * torch.where(start < 0, REFINEMENT, 1)
        step = step.clamp(max=_below(REFINEMENT))
        knot = start.abs() + step.long()
        left, right = self.values[knot], self.values[knot + 1]
        aligned = left + (right - left) * step.frac()
        return (aligned - z.float().clamp(-_HUGE, _HUGE)) * (scale > 0)

    def read(self, z: Tensor, row: Tensor) -> Tensor:
        """Offsets of a batch.

        Args:
            z: Logits, (N, C, P).
            row: Row of each pixel, (N, P), of the integer type of
                ``starts``. The last row has scale 0, and nothing in
                ``starts``.

        Returns:
            Offsets, float32 (N, C, P).
        """
        offset = torch.empty(z.shape, dtype=torch.float32, device=z.device)
        if host.on_host(z):
            chunks = self.chunks(z.shape[2])
            for image, rows, out in zip(z, row, offset, strict=True):
                for part in chunks.parts():
                    logits = image[:, part].float()
                    out[:, part] = chunks.offset(logits, rows[part])
        else:
            for image, rows, out in zip(z, row, offset, strict=True):
                self._read_all(image, rows, out)
        return offset

    def chunks(self, pixels: int) -> ChunkReader:
        """Reads images (C, P) on a CPU, chunk by chunk.

        Args:
            pixels: Pixels P of each image, at least 1.
        """
        return ChunkReader(
            self.low.view(self.num_classes, -1),
            self.scale.view(self.num_classes, -1),
            self.starts,
            self.values,
            (self.error <= tabulation.TOLERANCE).tolist(),
            _CHUNK,
            pixels,
        )

    def _read_all(self, z: Tensor, row: Tensor, offset: Tensor) -> None:
        """An image (C, P) on a GPU."""
        classes = self.num_classes
        size = min(max(_DEVICE_CHUNK // classes, 1), z.shape[1])
        floats = offset.new_empty(4, classes * size)
        ints = row.new_empty(3, classes * size)
        logit = torch.arange(classes, device=z.device).to(row.dtype)
        logit = logit.unsqueeze(1)
        pair = row.clamp(max=self.rows - 2).mul_(classes)
        for start in range(0, z.shape[1], size):
            part = slice(start, start + size)
            shape = z[:, part].shape
            used = shape.numel()
            indices = ints[:, :used]
            torch.add(row[part], logit * self.rows, out=indices[0].view(shape))
            torch.add(pair[part], logit, out=indices[1].view(shape))
            indices[1].mul_(self.cells)
            found = floats[3, :used]
            self._interpolate(
                z[:, part].float().flatten(),
                found,
                floats[:3, :used],
                indices,
            )
            offset[:, part] = found.view(shape)

    def _interpolate(
        self,
        z: Tensor,
        out: Tensor,
        floats: Tensor,
        ints: Tensor,
    ) -> None:
        """Offsets of a chunk, equal to :meth:`read_plainly`, in few buffers.

        Args:
            z: Logits, float32 (n,).
            out: Where the offsets go, float32 (n,).
            floats: Memory, float32 (3, n).
            ints: Of each logit its place in ``low`` and ``scale``, and the
                first cell of its pair; and memory, integers (3, n).
        """
        row, first, whole = ints
        place, spare, scale = floats
        low = torch.index_select(self.low, 0, row, out=spare)
        torch.index_select(self.scale, 0, row, out=scale)
        torch.sub(z, low, out=place).mul_(scale)
        # NaN is the loss's to report, and no index
        place.nan_to_num_(0.0).clamp_(0, _below(self.cells))
        cell = first.add_(whole.copy_(place))
        share = place.frac_()
        knot = self._refine(cell, share, whole, spare)
        left = torch.index_select(self.values, 0, knot, out=out)
        right = torch.index_select(self.values, 0, knot.add_(1), out=spare)
        aligned = left.add_(right.sub_(left).mul_(share))
        aligned.sub_(torch.clamp(z, -_HUGE, _HUGE, out=spare))
        aligned.mul_(_is_positive(scale))

    def _refine(
        self, cell: Tensor, share: Tensor, start: Tensor, intervals: Tensor
    ) -> Tensor:
        """The knot to the left of each logit, among those of its cell.

        Args:
            cell: Number of the cell; its memory becomes that of the knots.
            share: Of the cell that lies to the left of the logit; turned
                into the share of the interval between two knots.
            start: Memory like that of ``cell``.
            intervals: Memory like that of ``share``.
        """
        torch.index_select(self.starts, 0, cell, out=start)
        refined = torch.clamp(start, -1, 0, out=cell)  # -1, others 0
        intervals.copy_(refined).mul_(1 - REFINEMENT).add_(1)
        # a product may round up to the next knot
        step = share.mul_(intervals).clamp_(max=_below(REFINEMENT))
        knot = refined.copy_(step).add_(start.abs_())
        step.frac_()
        return knot


def _is_positive(scale: Tensor) -> Tensor:
    """1 where a scale is above 0 (its pair was fitted), else 0; in place.

    A comparison gives bool, and its product with floats takes a CPU several
    times as long. No scale of a fitted pair is below 1e-30.
    """
    return scale.mul_(1e30).clamp_(max=1)


def _below(number: int) -> float:
    """The largest float32 below an integer."""
    return number * (1 - 2**-24)
