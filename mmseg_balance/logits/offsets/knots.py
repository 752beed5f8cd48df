"""Memory of the knots of a table, and where each of them lies."""

import torch
from torch import Tensor

# Intervals of a refined cell. A component at the variance floor (sigma 0.01)
# in a range of 40 logits lies in cells of 8 sigma, and has 4 knots a sigma.
REFINEMENT = 32


class Knots:
    """Knots of Q pairs: those of the grids, then those of refined cells.

    Nothing is written when it is made, and memory that is never written is
    hardly memory: the refined knots of pairs without refined cells, say.

    Args:
        num_pairs: Pairs Q.
        grid_size: Knots G of the uniform grid.
        num_refined: Cells of a pair that may be refined.
        device: Where they lie.

    Attributes:
        uses: How many tables have had this memory, one after the other.
        values: All knots, flat, float32.
        grid, fine: Views of it, (Q, G) and (Q, num_refined, REFINEMENT + 1).
        starts: Where the knots of each cell begin in ``values``, negative
            for refined cells, (Q, G - 1), int32 where that is enough.
    """

    def __init__(
        self,
        num_pairs: int,
        grid_size: int,
        num_refined: int,
        device: torch.device,
    ) -> None:
        self.uses = 1
        self.settings = (num_pairs, grid_size, num_refined, device)
        shape = (num_pairs, num_refined, REFINEMENT + 1)
        num_grid = num_pairs * grid_size
        size = num_grid + num_pairs * num_refined * (REFINEMENT + 1)
        self.values = torch.empty(size, device=device)
        self.grid = self.values[:num_grid].view(num_pairs, grid_size)
        self.fine = self.values[num_grid:].view(shape)
        small = size < torch.iinfo(torch.int32).max
        self.starts = torch.empty(
            num_pairs,
            grid_size - 1,
            dtype=torch.int32 if small else torch.int64,
            device=device,
        )

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
