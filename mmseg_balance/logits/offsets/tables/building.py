"""The tensors of a table, from banks of mixtures."""

from collections.abc import Sequence

import torch
from torch import Tensor

from ....errors import UserValueError
from ... import host
from ...mixtures.gmm import GaussianMixtureBank
from ..reference.alignment import check_banks
from . import tabulation
from .fused_tabulation import fused_tabulation, tabulates_fused
from .host_rows import HostRows
from .knots import Knots
from .tabulation import Tabulator

MIN_GRID_SIZE = 32

Tensors = tuple[Tensor, Tensor, Tensor, Knots, Tensor | HostRows]


def tabulated(
    banks: Sequence[GaussianMixtureBank],
    anchors: GaussianMixtureBank,
    clip: float,
    grid_size: int,
    *,
    needs_anchors: bool,
    former: Knots | None,
    kernels: str,
) -> Tensors:
    """Tabulate the offsets of several banks.

    Args:
        banks, ..., needs_anchors: As :meth:`.table.OffsetTable.build` has
            them.
        former: Knots of a table that nobody reads any more: on a CPU their
            memory is used again.
        kernels: See :func:`...kernels.choice.runs_fused`.

    Returns:
        What an ``OffsetTable`` is made of: low, scale, fitted, knots, and
        what the uniform grids are off, or what fills them row by row.

    Raises:
        ValueError: Banks that do not fit, or a setting out of range.
    """
    _check_settings(clip, grid_size)
    num_classes = banks[0].shape[0]
    for bank in banks:
        check_banks(bank, anchors, num_classes)
    if tabulates_fused(anchors, grid_size, kernels):
        return fused_tabulation(banks, anchors, clip, grid_size, needs_anchors)
    parameters = tuple(
        torch.stack(p).flatten(0, 2)
        for p in zip(*(bank.parameters_ for bank in banks), strict=True)
    )
    fitted = torch.cat([bank.num_updates for bank in banks]) > 0
    if needs_anchors:
        fitted &= (anchors.num_updates > 0).all()
    own = torch.eye(num_classes, device=fitted.device).bool()
    own = own.repeat(len(banks), 1).flatten()
    tabulator = Tabulator(parameters, own, anchors, clip, grid_size)
    knots = Knots.empty(
        len(tabulator.low),
        grid_size,
        tabulator.num_refined,
        tabulator.low.device,
        former,
    )
    error: Tensor | HostRows
    if host.on_host(fitted):
        error = HostRows(tabulator, knots, fitted, tabulation.TOLERANCE)
    else:
        error = tabulator.fill(knots).view(-1, num_classes).amax(0)
    low, scale, known = (
        _with_ignored_row(t.view(-1, num_classes).float())
        for t in (tabulator.low, 1 / tabulator.width, fitted)
    )
    return low, scale, known, knots, error


def _check_settings(clip: float, grid_size: int) -> None:
    if not 0 <= clip < 0.5:
        raise UserValueError(
            f'Expected `clip` to be in [0, 0.5), but got {clip}'
        )
    if grid_size < MIN_GRID_SIZE:
        raise UserValueError(
            'Expected `grid_size` to be at least '
            f'{MIN_GRID_SIZE}, but got {grid_size}'
        )


def _with_ignored_row(table: Tensor) -> Tensor:
    table = torch.cat([table, table.new_zeros(1, table.shape[1])])
    return table.T.contiguous()
