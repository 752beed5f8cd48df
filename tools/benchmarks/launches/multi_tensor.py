"""How many kernels CUDA makes of one operator over lists of tensors.

PyTorch's ``multi_tensor_apply`` (ATen/native/cuda/MultiTensorApply.cuh, which
its wheels bring along under torch/include) cuts every tensor into chunks, a
block of threads each, and launches whenever the arguments of a kernel, 4 KB
before CUDA 13 and 32 KB since, hold no more tensors or no more blocks. What
cannot take that way goes tensor by tensor.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

CHUNK = 65536


class Limits(NamedTuple):
    """What fits one launch.

    Attributes:
        tensors: Of each list, by the number of lists, from one.
        tensors_with_scalars: The same where each tensor has a scalar.
        blocks: Chunks of all tensors.
    """

    tensors: tuple[int, ...]
    tensors_with_scalars: tuple[int, ...]
    blocks: int


BEFORE_CUDA_13 = Limits((110, 64, 48, 36, 30), (96, 64, 48, 36, 30), 320)
SINCE_CUDA_13 = Limits(
    (770, 448, 336, 252, 210), (672, 448, 336, 252, 210), 2240
)


def limits(cuda: str | None = None) -> Limits:
    """Limits of PyTorch for a version of CUDA.

    Args:
        cuda: Like '13.0'. Default: what the installed PyTorch is built for;
            those of the older versions where it is built without CUDA.
    """
    version = cuda or torch.version.cuda or '12'
    major = int(version.partition('.')[0])
    return SINCE_CUDA_13 if major >= 13 else BEFORE_CUDA_13


def count_kernels(
    sizes: Iterable[int],
    lists: int,
    fits: Limits,
    has_scalars: bool = False,
) -> int:
    """Kernels of one operator over lists of tensors.

    Args:
        sizes: Elements of each tensor of a list, in its order.
        lists: Number of lists that are read or written, 1 .. 5.
        fits: What fits one launch.
        has_scalars: Whether each tensor has a scalar of its own.
    """
    most = fits.tensors_with_scalars if has_scalars else fits.tensors
    kernels = tensors = blocks = 0
    for size in filter(None, sizes):
        tensors += 1
        left = -(-size // CHUNK)
        while left:
            taken = min(left, fits.blocks - blocks)
            left -= taken
            blocks += taken
            if blocks == fits.blocks or (
                not left and tensors == most[lists - 1]
            ):
                kernels += 1
                blocks = 0
                tensors = 1 if left else 0
    return kernels + bool(blocks)


def is_fast(lists: Sequence[Sequence[Tensor]]) -> bool:
    """Whether lists take the way of ``multi_tensor_apply``.

    As ``can_use_fast_route`` of ATen/native/ForeachUtils.h decides: one
    device, one dtype, no gaps, and the tensors of a place laid out alike.
    """
    first = lists[0][0]
    return all(
        tensor.device == first.device
        and tensor.dtype == first.dtype
        and torch.ops.aten.is_non_overlapping_and_dense(tensor)
        for tensors in lists
        for tensor in tensors
    ) and all(
        len(set(map(layout, place))) == 1 for place in zip(*lists, strict=True)
    )


def layout(tensor: Tensor) -> tuple[tuple[int, int], ...]:
    """Sizes of a tensor and their strides, those of size 1 being nothing."""
    pairs = zip(tensor.shape, tensor.stride(), strict=True)
    return tuple((size, 0 if size == 1 else step) for size, step in pairs)
