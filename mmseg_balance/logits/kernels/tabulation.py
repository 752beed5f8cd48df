"""Offset tables in three launches: quantiles, grids, finer cells."""

from typing import Any

import torch
from torch import Tensor

# What a block still holds in its registers.
MAX_GRID, MAX_COMPONENTS = 4096, 16
# Points of the anchors' CDF, as ``inverse_cdf`` has them.
_POINTS = 1000


@torch.library.custom_op('mmseg_balance::anchor_quantiles', mutates_args=())
def anchor_quantiles(
    weights: Tensor,
    means: Tensor,
    variances: Tensor,
    clip: float,
    steps: int,
) -> Tensor:
    """F_a^-1 of the anchors at even steps from clip to 1 - clip.

    Equals ``inverse_cdf`` there; tested, as the two below, in
    tests/logits/kernels/test_tabulation.py.

    Args:
        weights, means, variances: Mixtures, (anchors, K).
        clip: Probability at which the quantiles begin.
        steps: Steps of the probability.

    Returns:
        Quantiles, (anchors, steps + 1).
    """
    from .programs.tabulation import anchor_quantiles as program

    anchors, components = weights.shape
    out = weights.new_empty(anchors, steps + 1)
    with torch.cuda.device_of(weights):
        program[(steps // 32 + 1, anchors)](
            weights.contiguous(),
            means.contiguous(),
            variances.contiguous(),
            out,
            clip,
            steps,
            K=components,
            POINTS=_POINTS,
            BLOCK_P=32,
            BLOCK_J=64,
        )
    return out


@anchor_quantiles.register_fake
def _(weights: Tensor, *_: Any) -> Tensor:
    return weights.new_empty(weights.shape[0], _[-1] + 1)


@torch.library.custom_op('mmseg_balance::offset_grids', mutates_args=())
def offset_grids(
    weights: Tensor,
    means: Tensor,
    variances: Tensor,
    num_updates: Tensor,
    anchor_updates: Tensor,
    quantiles: Tensor,
    num_classes: int,
    clip: float,
    reach: float,
    least: float,
    grid_size: int,
    num_knots: int,
    needs_anchors: bool,
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Uniform grids of z' for all pairs.

    Args:
        weights, means, variances: Mixtures of Q pairs, (Q, K), in the order
            of domain, class and logit.
        num_updates: int64 (Q,).
        anchor_updates: int64 (2,).
        quantiles: Those of :func:`anchor_quantiles`, positive and negative.
        num_classes: Number of classes C.
        clip: The CDF is clamped to [clip, 1 - clip].
        reach: Sigmas of a component that a grid covers.
        least: Width of a grid, at least.
        grid_size: Knots G of a grid.
        num_knots: Knots of the table.
        needs_anchors: No pair counts as fitted before both anchors are.

    Returns:
        ``low``, ``scale``, ``fitted`` and ``values`` of an ``OffsetTable``;
        of the last the first Q G are written.
    """
    from .programs.tabulation import offset_grids as program

    pairs, components = weights.shape
    rows = pairs // num_classes
    low, scale, fitted = (
        weights.new_empty(num_classes, rows + 1) for _ in range(3)
    )
    values = weights.new_empty(num_knots)
    with torch.cuda.device_of(weights):
        program[(pairs,)](
            weights.contiguous(),
            means.contiguous(),
            variances.contiguous(),
            num_updates.contiguous(),
            anchor_updates,
            quantiles,
            low,
            scale,
            fitted,
            values,
            num_classes,
            rows,
            clip,
            reach,
            least,
            quantiles.shape[1] - 1,
            K=components,
            GRID=grid_size,
            BLOCK=_power_of_2(grid_size),
            NEEDS_ANCHORS=needs_anchors,
            num_warps=_warps(grid_size),
        )
    return low, scale, fitted, values


@offset_grids.register_fake
def _(weights: Tensor, *others: Any) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    num_classes, num_knots = others[5], others[10]
    shape = (num_classes, weights.shape[0] // num_classes + 1)
    low, scale, fitted = (weights.new_empty(shape) for _ in range(3))
    return low, scale, fitted, weights.new_empty(num_knots)


@torch.library.custom_op(
    'mmseg_balance::refine_cells', mutates_args=('values',)
)
def refine_cells(
    weights: Tensor,
    means: Tensor,
    variances: Tensor,
    quantiles: Tensor,
    values: Tensor,
    num_classes: int,
    clip: float,
    reach: float,
    least: float,
    grid_size: int,
    num_refined: int,
    refinement: int,
    nearby: int,
) -> tuple[Tensor, Tensor]:
    """Finer knots of the cells that straight lines serve least.

    Args:
        weights, means, variances, quantiles, num_classes, clip, reach,
            least, grid_size: As those of :func:`offset_grids`.
        values: What it gave; the refined knots are written.
        num_refined: Cells of a pair that are refined.
        refinement: Intervals of a refined cell.
        nearby: Cells on each side that a jump is told from.

    Returns:
        First knot of each cell, negative for refined ones, (Q, G - 1), and
        what lines are off in the refined cells, (Q,).
    """
    from .programs.tabulation import refine_cells as program

    pairs, components = weights.shape
    starts, error = _refined_like(weights, values, grid_size)
    with torch.cuda.device_of(weights):
        program[(pairs,)](
            weights.contiguous(),
            means.contiguous(),
            variances.contiguous(),
            quantiles,
            values,
            starts,
            error,
            num_classes,
            pairs,
            clip,
            reach,
            least,
            quantiles.shape[1] - 1,
            K=components,
            GRID=grid_size,
            BLOCK=_power_of_2(grid_size),
            NUM=num_refined,
            BLOCK_N=32,
            REFINEMENT=refinement,
            BLOCK_R=_power_of_2(refinement + 1),
            NEARBY=nearby,
            num_warps=_warps(grid_size),
        )
    return starts, error


@refine_cells.register_fake
def _(
    weights: Tensor,
    means: Tensor,
    variances: Tensor,
    quantiles: Tensor,
    values: Tensor,
    num_classes: int,
    clip: float,
    reach: float,
    least: float,
    grid_size: int,
    *_: Any,
) -> tuple[Tensor, Tensor]:
    return _refined_like(weights, values, grid_size)


def _refined_like(
    weights: Tensor, values: Tensor, grid_size: int
) -> tuple[Tensor, Tensor]:
    """Memory of what :func:`refine_cells` gives."""
    small = values.numel() < torch.iinfo(torch.int32).max
    dtype = torch.int32 if small else torch.int64
    shape = (weights.shape[0], grid_size - 1)
    starts = torch.empty(shape, dtype=dtype, device=weights.device)
    return starts, weights.new_empty(weights.shape[0])


def _power_of_2(number: int) -> int:
    """The next one that is not smaller."""
    return 1 << (number - 1).bit_length()


def _warps(elements: int) -> int:
    """Warps of a block that works on so many elements at once."""
    return 4 if elements <= 1024 else 8
