"""Logits of some pixels on the CPU, a logit after the other.

A plane of one logit fits the cache, the logits of a pixel lie far apart.
"""

import math

import torch
from torch import Tensor

from ...mixtures.inputs import LARGEST


def has_planes(flat: Tensor) -> bool:
    """Whether the pixels of a logit lie side by side in (N, C, P)."""
    return flat.stride(-1) == 1 and flat.shape[-1] > 1


def gather_planes(
    flat: Tensor, index: Tensor, memory: Tensor | None = None
) -> Tensor:
    """All logits of some pixels.

    Args:
        flat: (N, C, P), see :func:`has_planes`.
        index: Numbers of pixels, (R, n).
        memory: What the result may take the place of, float32.

    Returns:
        float32 (R, C, n), NaN where they are not finite or beyond 1e6.
    """
    images, num_logits, pixels = flat.shape
    result = _memory(memory, len(index), num_logits, index.shape[1])
    if not result.numel():
        return result
    index = index.long()
    place = index // pixels * flat.stride(0) + index % pixels
    place = place.flatten()
    picked = flat.new_empty(place.shape)
    # the pixels of all images, of one logit
    reach = (images - 1) * flat.stride(0) + pixels
    for logit in range(num_logits):
        start = flat.storage_offset() + logit * flat.stride(1)
        plane = flat.as_strided((reach,), (1,), start)
        torch.index_select(plane, 0, place, out=picked)
        low, high = picked.aminmax()
        if not bool((low > -LARGEST) & (high < LARGEST)):  # or NaN
            picked.masked_fill_(~(picked.abs() < LARGEST), torch.nan)
        result[:, logit].copy_(picked.view(index.shape))
    return result


def _memory(former: Tensor | None, *shape: int) -> Tensor:
    """Memory for a tensor, that of a former one where it is enough."""
    numel = math.prod(shape)
    if former is not None:
        storage = former.untyped_storage()
        if storage.nbytes() >= numel * former.element_size():
            whole = former.new_empty(0).set_(storage)
            return whole[:numel].view(shape)
    return torch.empty(shape)
