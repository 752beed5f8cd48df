"""Sums and samples of all ranks, for statistics that they share."""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from mmengine.dist import all_gather, all_reduce, get_world_size
from torch import Tensor


def sum_over_ranks() -> Callable[[Tensor], Tensor] | None:
    """A function that sums a tensor over ranks; None on one rank."""
    if get_world_size() == 1:
        return None

    def reduce(tensor: Tensor) -> Tensor:
        all_reduce(tensor, op='sum')
        return tensor

    return reduce


def gather_over_ranks() -> Callable[[Tensor], list[Tensor]] | None:
    """A function that gives a tensor of each rank; None on one rank.

    Tensors (..., n) may be of another n on each; NaN fills them up.
    """
    if get_world_size() == 1:
        return None

    def gather(tensor: Tensor) -> list[Tensor]:
        longest = torch.tensor(tensor.shape[-1], device=tensor.device)
        all_reduce(longest, op='max')
        missing = int(longest) - tensor.shape[-1]
        return all_gather(F.pad(tensor, (0, missing), value=torch.nan))

    return gather
