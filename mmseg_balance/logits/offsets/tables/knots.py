"""Memory of the knots of a table, and where each of them lies."""

import torch
from torch import Tensor

from ... import host

# Intervals of a refined cell. A component at the variance floor (sigma 0.01)
# in a range of 40 logits lies in cells of 8 sigma, and has 4 knots a sigma.
REFINEMENT = 32


class Knots:
    """Knots of Q pairs: those of the grids, then those of refined cells.

    Args:
        num_pairs: Pairs Q.
        grid_size: Knots G of the uniform grid.
        num_refined: Cells of a pair that may be refined.
        values: All knots, flat, float32.
        starts: Where the knots of each cell begin in ``values``, negative
            for refined cells, integers (Q, G - 1).

    Attributes:
        uses: How many tables have had this memory, one after the other.
        grid, fine: Views of the knots, (Q, G) and
            (Q, num_refined, REFINEMENT + 1).
    """

    def __init__(
        self,
        num_pairs: int,
        grid_size: int,
        num_refined: int,
        values: Tensor,
        starts: Tensor,
    ) -> None:
        self.uses = 1
        self.shape = (num_pairs, grid_size, num_refined)
        self.values, self.starts = values, starts
        grid, fine = values.split(
            [num_pairs * grid_size, len(values) - num_pairs * grid_size]
        )
        self.grid = grid.view(num_pairs, grid_size)
        self.fine = fine.view(num_pairs, num_refined, REFINEMENT + 1)

    @classmethod
    def empty(
        cls,
        num_pairs: int,
        grid_size: int,
        num_refined: int,
        device: torch.device,
        former: 'Knots | None' = None,
    ) -> 'Knots':
        """Memory for knots that are not known yet.

        What is never written is hardly memory: the refined knots of pairs
        without refined cells, say. On a CPU that of ``former`` is taken,
        which nobody reads any more, where it fits.
        """
        shape = (num_pairs, grid_size, num_refined)
        if former is not None and former.shape == shape:
            if host.on_host(former.values) and device == former.values.device:
                former.uses += 1
                return former
        total = cls.total(*shape)
        small = total < torch.iinfo(torch.int32).max
        starts = torch.empty(
            num_pairs,
            grid_size - 1,
            dtype=torch.int32 if small else torch.int64,
            device=device,
        )
        return cls(*shape, torch.empty(total, device=device), starts)

    @staticmethod
    def total(num_pairs: int, grid_size: int, num_refined: int) -> int:
        """Number of knots."""
        return num_pairs * (grid_size + num_refined * (REFINEMENT + 1))

    def begin_cells(self, pairs: Tensor) -> None:
        """Say of the cells of some pairs that none of them is refined.

        Args:
            pairs: Their numbers, (q,).
        """
        cells = torch.arange(self.starts.shape[1], device=pairs.device)
        first = pairs.unsqueeze(1) * self.grid.shape[1]
        self.starts[pairs] = (first + cells).to(self.starts.dtype)

    def begin_refined(self, pairs: Tensor, cells: Tensor) -> None:
        """Say of some cells that they are refined.

        Args:
            pairs: Numbers of the pairs, (q,).
            cells: Their refined cells, (q, num_refined).
        """
        step = REFINEMENT + 1
        slots = torch.arange(cells.shape[1], device=pairs.device) * step
        first = self.grid.numel() + pairs * (cells.shape[1] * step)
        starts = -(first.unsqueeze(1) + slots).to(self.starts.dtype)
        self.starts[pairs.unsqueeze(1), cells] = starts
