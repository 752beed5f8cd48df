"""Several batches in one pass of a backbone."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn


def runs_kernels(images: Tensor) -> bool:
    """Whether operators on images are kernels that have to be launched."""
    return images.device.type != 'cpu'


def grouped_features(
    backbone: nn.Module, batches: Sequence[Tensor]
) -> list[list[Tensor]]:
    """Features of several batches in one pass.

    Args:
        backbone: One that ``takes_groups``.
        batches: Images of one size, (N_i, 3, H, W).

    Returns:
        The feature maps of each batch, views.
    """
    sizes = [len(batch) for batch in batches]
    maps = backbone(torch.cat(list(batches)), sizes)
    return [
        list(parts)
        for parts in zip(*(m.split(sizes) for m in maps), strict=True)
    ]
