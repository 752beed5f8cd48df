"""Sums over ranks, for statistics that all ranks share."""

from collections.abc import Callable

from mmengine.dist import all_reduce, get_world_size
from torch import Tensor


def sum_over_ranks() -> Callable[[Tensor], Tensor] | None:
    """A function that sums a tensor over ranks; None on one rank."""
    if get_world_size() == 1:
        return None

    def reduce(tensor: Tensor) -> Tensor:
        all_reduce(tensor, op='sum')
        return tensor

    return reduce
