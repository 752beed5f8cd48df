"""Fusion of a semantic map with centres and offsets (bottom-up)."""

import torch
import torch.nn.functional as F
from torch import Tensor

from ...errors import UserValueError
from .assembly import assemble_segments

# distances of pixels to centres that are held at once: 4 MB, near the size of
# a cache, is twice as fast on a CPU as ten times that
_DISTANCES = 2**20


def fuse_centers(
    semantic: Tensor,
    heatmap: Tensor,
    offsets: Tensor,
    is_thing: Tensor,
    threshold: float = 0.1,
    kernel: int = 7,
    top_k: int = 200,
    stuff_area: int = 2048,
    as_published: bool = False,
) -> Tensor:
    """Segments of the pixels that point at the same centre.

    Each pixel of a thing belongs to the centre nearest to where its offset
    points; :func:`assemble_segments` makes segments of these instances, and
    void of all things where there is no centre at all.

    Args:
        semantic: Class of each pixel (H, W), integers.
        heatmap: How much each pixel is the centre of an instance, (H, W).
        offsets: From each pixel to the centre of its instance, (2, H, W):
            rows, then columns, in pixels.
        is_thing: Whether each class has instances, (C,), boolean.
        threshold: Centres are above it.
        kernel: Size of the window in which a centre is the maximum, odd.
        top_k: Most centres.
        stuff_area: Fewest pixels of stuff of one class.
        as_published: Take centres as :func:`find_centers` does with it.

    Returns:
        Ids (H, W) in int32, as of :func:`assemble_segments`.
    """
    centers = find_centers(heatmap, threshold, kernel, top_k, as_published)
    label = semantic.long().clamp(0, len(is_thing) - 1)
    thing = is_thing[label] & (label == semantic)
    return assemble_segments(
        semantic,
        assign_pixels(centers, offsets, thing),
        len(centers),
        is_thing,
        stuff_area,
    )


def find_centers(
    heatmap: Tensor,
    threshold: float = 0.1,
    kernel: int = 7,
    top_k: int = 200,
    as_published: bool = False,
) -> Tensor:
    """Pixels that are the maximum of the window around them.

    Args:
        heatmap: Scores (H, W).
        threshold: Centres are above it.
        kernel: Size of the window, odd.
        top_k: Most centres; those of the highest scores are kept.
        as_published: Two rules of https://github.com/susaha/edaps: each of
            several equal maxima of a window is a centre, where here the
            first one is (a peak at the border of an upsampled map has
            several); and of ``top_k`` centres or more, those with scores
            above the k-th are kept, at most k - 1.

    Returns:
        Rows and columns (N, 2) in int64, from the top left.

    Raises:
        ValueError: ``kernel`` is even.
    """
    if kernel % 2 == 0:
        raise UserValueError(
            f'Expected `kernel` of centres to be odd, but got {kernel}'
        )
    maxima = _all_maxima if as_published else _first_maxima
    centers = (maxima(heatmap, kernel) & (heatmap > threshold)).nonzero()
    if len(centers) < top_k + (not as_published):
        return centers
    scores = heatmap[centers[:, 0], centers[:, 1]]
    if as_published:
        return centers[scores > scores.topk(top_k).values[-1]]
    kept = scores.topk(top_k).indices
    return centers[kept.sort().values]


def _all_maxima(heatmap: Tensor, kernel: int) -> Tensor:
    """Whether each pixel is as high as any in its window, (H, W)."""
    pooled = F.max_pool2d(heatmap[None], kernel, 1, kernel // 2)
    return heatmap == pooled[0]


def _first_maxima(heatmap: Tensor, kernel: int) -> Tensor:
    """The same, but for pixels with an equal one before them."""
    _, first = F.max_pool2d(
        heatmap[None], kernel, 1, kernel // 2, return_indices=True
    )
    pixels = torch.arange(heatmap.numel(), device=heatmap.device)
    return first[0] == pixels.view_as(heatmap)


def assign_pixels(centers: Tensor, offsets: Tensor, where: Tensor) -> Tensor:
    """Number of the centre that each pixel points at.

    Args:
        centers: Rows and columns (N, 2).
        offsets: From each pixel to its centre (2, H, W), in pixels.
        where: Pixels that belong to a centre (H, W), boolean.

    Returns:
        Numbers (H, W) in int64 from 1, the first of several that are equally
        near, and 0 where no centre is.
    """
    numbers = torch.zeros_like(where, dtype=torch.long)
    pixels = where.nonzero()
    if len(centers) == 0 or len(pixels) == 0:
        return numbers
    targets = pixels + offsets[:, pixels[:, 0], pixels[:, 1]].T
    nearest = numbers.new_empty(len(pixels))
    size = max(1, _DISTANCES // len(centers))
    for part, found in zip(
        targets.split(size), nearest.split(size), strict=True
    ):
        distances = _squared_distances(part, centers).sqrt_()
        torch.argmin(distances, dim=1, out=found)
    numbers[where] = nearest + 1
    return numbers


def _squared_distances(points: Tensor, centers: Tensor) -> Tensor:
    """Of M points (M, 2) to N centres (N, 2), as (M, N)."""
    rows = points[:, :1] - centers[:, 0]
    columns = points[:, 1:] - centers[:, 1]
    return rows.square_().add_(columns.square_())
