"""An offset table, read by a kernel where there is one for the logits."""

from typing import TYPE_CHECKING

from torch import Tensor

from ....errors import UserValueError
from ...kernels import cross_entropy
from ...kernels.choice import runs_fused, say_once
from ...kernels.layout import what_does_not_fit
from ...kernels.lookup import offset_lookup
from ..reference.adjustment import adjust_in_offset, replaced
from .knots import REFINEMENT

if TYPE_CHECKING:
    from .table import OffsetTable


def reads_fused(logits: Tensor, kernels: str = 'auto') -> bool:
    """Whether kernels read tables for these logits.

    Args:
        logits: (N, C, ...).
        kernels: See :func:`...kernels.choice.runs_fused`. Where logits are
            of a type or size that they do not take, a line says so once.
    """
    if not runs_fused(logits, kernels):
        return False
    reason = what_does_not_fit(logits)
    if reason:
        say_once(reason)
    return not reason


def check_classes(table: 'OffsetTable', logits: Tensor) -> None:
    """Refuse logits of another number of classes than a table.

    Kernels would read beyond its end.

    Args:
        table: Where offsets are looked up.
        logits: (N, C, ...).

    Raises:
        ValueError: Names both numbers.
    """
    if logits.shape[1] != table.num_classes:
        raise UserValueError(
            f'Expected {table.num_classes} logits a pixel, '
            f'but got {logits.shape[1]}'
        )


def fused_lookup(
    table: 'OffsetTable',
    logits: Tensor,
    labels: Tensor,
    domain: Tensor | None = None,
    ignore_index: int = 255,
    tau: float | None = None,
) -> Tensor:
    """Offsets, or adjusted logits, by one kernel.

    Args:
        table: Where offsets are looked up.
        logits, labels, domain, ignore_index: As those of
            ``OffsetTable.lookup``.
        tau: Scale of the offset. None: the offset alone.

    Returns:
        Delta, or z - tau Delta; float32 (N, C, ...), without gradient.
    """
    return offset_lookup(
        logits.detach(),
        labels,
        domain,
        *table.tensors,
        REFINEMENT,
        ignore_index,
        tau,
    )


def adjust_by_table(
    table: 'OffsetTable',
    logits: Tensor,
    labels: Tensor,
    tau: float,
    domain: Tensor | None = None,
    ignore_index: int = 255,
    kernels: str = 'auto',
) -> Tensor:
    """Logits minus tau times their offsets (Eq. 9).

    Args:
        table, labels, domain, ignore_index: As above.
        logits: (N, C, ...).
        tau: Scale of the offset, at least 0.
        kernels: See :func:`reads_fused`.

    Returns:
        float32 (N, C, ...), whose gradient is that of ``logits``.

    Raises:
        ValueError: Logits of another number of classes than the table.
    """
    check_classes(table, logits)
    if reads_fused(logits, kernels):
        values = fused_lookup(table, logits, labels, domain, ignore_index, tau)
        return replaced(logits, values)
    offset = table.lookup(logits, labels, domain, ignore_index, 'torch')
    return adjust_in_offset(logits.float(), offset, tau)


def fused_cross_entropy(
    table: 'OffsetTable',
    logits: Tensor,
    labels: Tensor,
    tau: float,
    domain: Tensor | None = None,
    ignore_index: int = 255,
    class_weight: Tensor | None = None,
) -> Tensor:
    """Cross entropy of adjusted logits, which are never written.

    Args:
        table, logits, labels, tau, domain, ignore_index: As above.
        class_weight: Weight of each class, (C,). Default: 1.

    Returns:
        Loss of each pixel, float32 (N, ...), with the gradient that it has
        if the offset is held constant.
    """
    loss, _, _ = cross_entropy.adjusted_cross_entropy(
        logits,
        labels,
        domain,
        class_weight if class_weight is None else class_weight.float(),
        *table.tensors,
        REFINEMENT,
        ignore_index,
        tau,
    )
    return loss
