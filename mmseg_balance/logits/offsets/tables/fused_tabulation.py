"""An offset table, tabulated by kernels where there are some for it."""

from collections.abc import Sequence

import torch
from torch import Tensor

from ...kernels.choice import runs_fused, say_once
from ...kernels.tabulation import (
    MAX_COMPONENTS,
    MAX_GRID,
    anchor_quantiles,
    offset_grids,
    refine_cells,
)
from ...mixtures.gmm import GaussianMixtureBank
from .knots import REFINEMENT, Knots
from .tabulation import LEAST, NEARBY, QUANTILES, clip_reach, num_refined


def tabulates_fused(
    bank: GaussianMixtureBank, grid_size: int, kernels: str = 'auto'
) -> bool:
    """Whether kernels make the table of some banks.

    Args:
        bank: One of the banks.
        grid_size: Knots of the uniform grid.
        kernels: See :func:`...kernels.choice.runs_fused`. Where a setting is
            beyond what they take, a line says so once.
    """
    if not runs_fused(bank.means, kernels):
        return False
    for name, value, largest in (
        ('grid_size', grid_size, MAX_GRID),
        ('num_components', bank.num_components, MAX_COMPONENTS),
    ):
        if value > largest:
            say_once(f'Kernels tabulate {name} up to {largest}, not {value}')
            return False
    return True


def fused_tabulation(
    banks: Sequence[GaussianMixtureBank],
    anchors: GaussianMixtureBank,
    clip: float,
    grid_size: int,
    needs_anchors: bool,
) -> tuple[Tensor, Tensor, Tensor, Knots, Tensor]:
    """Tabulate offsets; equals ``OffsetTable.build`` without kernels.

    Which of some equally bad cells are refined may be another, and a knot on
    the slope of a collapsed component (sigma 0.01) is as far off as a
    rounded logit.

    Args: as those of ``OffsetTable.build``.

    Returns:
        ``low``, ``scale``, ``fitted`` and ``knots`` of the table; and what
        the grids of each logit are off, (C,).
    """
    num_classes = banks[0].shape[0]
    mixtures = tuple(
        torch.cat(p).flatten(0, 1)
        for p in zip(*(bank.parameters_ for bank in banks), strict=True)
    )
    num_updates = torch.cat([bank.num_updates for bank in banks]).flatten()
    quantiles = anchor_quantiles(*anchors.parameters_, clip, QUANTILES)
    shape = (
        len(banks) * num_classes**2,
        grid_size,
        min(num_refined(banks[0].num_components), grid_size - 1),
    )
    shared = (num_classes, clip, clip_reach(clip), LEAST, grid_size)
    low, scale, fitted, values = offset_grids(
        *mixtures,
        num_updates,
        anchors.num_updates,
        quantiles,
        *shared,
        Knots.total(*shape),
        needs_anchors,
    )
    starts, error = refine_cells(
        *mixtures, quantiles, values, *shared, shape[2], REFINEMENT, NEARBY
    )
    error = error.view(-1, num_classes).amax(0)
    return low, scale, fitted, Knots(*shape, values, starts), error
