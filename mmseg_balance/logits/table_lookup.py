"""Reading an offset table: what training does with each logit (Eq. 6).

Made for CPUs, where fresh memory costs more than arithmetic: a chunk of one
logit's map at a time, in buffers that are used again. ``index_select`` is
several times as fast there as indexing; whatever compares, chooses or mixes
integers with floats is several times as slow as a multiplication. On a GPU a
chunk has all logits of many pixels, so that few kernels are started.
"""

import torch
from torch import Tensor

from . import host
from .tabulation import REFINEMENT

# Pixels of a chunk on a CPU: small enough for its cache, large enough for
# the cost of a call.
_CHUNK = 2**17
# Logits of a chunk on a GPU: six buffers of them take 50 MB.
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
            + b.
        values: Knots, flat.
        cells: Cells of a pair.
    """

    def __init__(
        self,
        low: Tensor,
        scale: Tensor,
        starts: Tensor,
        values: Tensor,
        cells: int,
    ) -> None:
        self.num_classes, self.rows = low.shape
        self.low, self.scale = low.flatten(), scale.flatten()
        self.starts = starts
        self.values = values
        self.cells = cells

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
        pixels = z.shape[2]
        group = 1 if host.on_host(z) else self.num_classes
        largest = _CHUNK if host.on_host(z) else _DEVICE_CHUNK // group
        size = min(max(largest, 1), pixels)
        floats = offset.new_empty(4, group * size)
        ints = row.new_empty(3, group * size)
        # any pair will do for the last row
        cell = row.clamp(max=self.rows - 2)
        cell *= self.num_classes * self.cells
        logits = torch.arange(self.num_classes, device=z.device)
        logits = logits.to(row.dtype).unsqueeze(1)
        for n in range(len(z)):
            for start in range(0, pixels, size):
                part = slice(start, start + size)
                for c in range(0, self.num_classes, group):
                    channels = slice(c, c + group)
                    target = offset[n, channels, part]
                    shape = target.shape
                    used = shape.numel()
                    buffers = floats[:3, :used], ints[:, :used]
                    torch.add(
                        row[n, part],
                        logits[channels] * self.rows,
                        out=buffers[1][0].view(shape),
                    )
                    torch.add(
                        cell[n, part],
                        logits[channels] * self.cells,
                        out=buffers[1][1].view(shape),
                    )
                    found = floats[3, :used]
                    if target.is_contiguous():
                        found = target.view(-1)
                    self._interpolate(
                        z[n, channels, part].float().flatten(),
                        found,
                        *buffers,
                    )
                    if not target.is_contiguous():
                        target.copy_(found.view(shape))
        return offset

    def _interpolate(
        self, z: Tensor, out: Tensor, floats: Tensor, ints: Tensor
    ) -> None:
        place, other, scale = floats
        row, cell, start = ints
        torch.index_select(self.low, 0, row, out=other)
        torch.sub(z, other, out=place)
        torch.index_select(self.scale, 0, row, out=scale)
        # NaN is the loss's to report, and no index
        place.mul_(scale).nan_to_num_(0.0).clamp_(0, _below(self.cells))
        start.copy_(place)
        torch.index_select(self.starts, 0, cell.add_(start), out=start)
        torch.clamp(start, -1, 0, out=cell)
        other.copy_(cell)  # -1 in a refined cell, else 0
        place.frac_().mul_(other.mul_(1 - REFINEMENT).add_(1))
        # a product may round up to the next knot
        cell.copy_(place.clamp_(max=_below(REFINEMENT)))
        cell.add_(start.abs_())
        torch.index_select(self.values, 0, cell, out=out)
        torch.index_select(self.values, 0, cell.add_(1), out=other)
        out.add_(other.sub_(out).mul_(place.frac_()))
        out.sub_(torch.clamp(z, -_HUGE, _HUGE, out=other))
        out.mul_(scale.mul_(1e30).clamp_(max=1))


def _below(number: int) -> float:
    """The largest float32 below an integer."""
    return number * (1 - 2**-24)
