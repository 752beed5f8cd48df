"""Cross entropy on adjusted logits (Eq. 9), in one go on a CPU.

Neither the offsets nor the adjusted logits of a whole batch are ever made:
a chunk is looked up, adjusted and lost while it lies in the cache. What is
kept of the forward pass is the gradient of each pixel's loss, whose memory
the backward pass gives back.
"""

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from ....errors import UserRuntimeError

if TYPE_CHECKING:
    from .table import OffsetTable

# Logits whose softmax is taken at one time: of the cache.
_CHUNK = 2**17
# A probability below has lost digits.
_SMALLEST = 1e-35


def chunked_cross_entropy(
    table: 'OffsetTable',
    logits: Tensor,
    labels: Tensor,
    tau: float,
    domain: Tensor | None = None,
    ignore_index: int = 255,
    class_weight: Tensor | None = None,
) -> Tensor:
    """Cross entropy on z - tau Delta_cl(z), of each pixel, on a CPU.

    Args:
        table: Offsets, constant: no gradient goes through them.
        logits: z, (N, C, ...), of 32 or 16 bits, not empty.
        labels: int64 (N, ...).
        tau: Scale of the offset, at least 0.
        domain: Index of each pixel's bank, (N, ...), bool or integer.
            Default: the first bank for all.
        ignore_index: Label of pixels whose loss is 0.
        class_weight: Weight of each class, (C,).

    Returns:
        Losses, float32 (N, ...).

    Raises:
        IndexError: A label that is neither a class nor ignored.
    """
    keep = torch.is_grad_enabled() and logits.requires_grad
    return _ChunkedLoss.apply(
        logits, labels, domain, class_weight, table, tau, ignore_index, keep
    )


class _ChunkedLoss(torch.autograd.Function):
    """The same, and its gradient."""

    @staticmethod
    def forward(
        ctx: Any,
        logits: Tensor,
        labels: Tensor,
        domain: Tensor | None,
        class_weight: Tensor | None,
        table: 'OffsetTable',
        tau: float,
        ignore_index: int,
        keep: bool,
    ) -> Tensor:
        ignored = labels == ignore_index
        label = _classes(labels, ignored, logits.shape[1])
        row = table.rows(labels, domain, ignore_index)
        weight = (~ignored).float()
        if class_weight is not None:
            own = class_weight.float().index_select(0, label.flatten())
            weight.mul_(own.view_as(weight))
        loss, slope = _losses(logits, label, row, table, tau, keep)
        if keep:
            ctx.save_for_backward(logits, label, row, weight)
            ctx.slope, ctx.table, ctx.tau = slope, table, tau
        # that of an ignored pixel may be NaN
        return loss.mul_(weight).masked_fill_(ignored, 0)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        logits, label, row, weight = ctx.saved_tensors
        # its memory is given away, and a retained graph asks once more
        slope, ctx.slope = ctx.slope, None
        if slope is None:
            if ctx.table.is_overwritten:
                raise UserRuntimeError(
                    'The gradient of this loss was taken before, and its '
                    'statistics were updated since: take it as often as '
                    'needed before update_statistics()'
                )
            _, slope = _losses(logits, label, row, ctx.table, ctx.tau, True)
        slope.mul_((gradient * weight).unsqueeze(1))
        return slope.to(logits.dtype), *[None] * 7


def _classes(labels: Tensor, ignored: Tensor, num_classes: int) -> Tensor:
    """Class of each pixel, 0 where it is ignored.

    Raises:
        IndexError: As of ``F.cross_entropy``.
    """
    known = labels.masked_fill(ignored, 0)
    for label in map(int, known.aminmax()):
        if not 0 <= label < num_classes:
            raise IndexError(f'Target {label} is out of bounds.')
    return known


@torch.no_grad()
def _losses(
    logits: Tensor,
    label: Tensor,
    row: Tensor,
    table: 'OffsetTable',
    tau: float,
    keep: bool,
) -> tuple[Tensor, Tensor | None]:
    """Losses of a batch, and the derivative of each by its logits.

    Args:
        logits: (N, C, ...).
        label: Class of each pixel, (N, ...).
        row: Row of each pixel in the table, (N, P).
        table, tau: As above.
        keep: Whether the derivatives are wanted.

    Returns:
        -log p_c, float32 (N, ...), and p - 1[c], float32 (N, C, ...).
    """
    if logits.dim() == 2:  # pixels without images: one image of them
        row = row.T
    loss = torch.empty(row.shape, dtype=torch.float32)
    slope = _memory_of_gradient(logits) if keep else None
    chunks = table.reader(row).chunks(row.shape[1])
    gradients = [None] * len(row) if slope is None else _images(slope)
    for z, labels, rows, losses, gradient in zip(
        _images(logits),
        label.reshape(row.shape),
        row,
        loss,
        gradients,
        strict=True,
    ):
        for part in chunks.parts():
            adjusted = chunks.adjusted(_floats(z[:, part]), rows[part], tau)
            _cross_entropy(
                adjusted,
                labels[part],
                losses[part],
                None if gradient is None else gradient[:, part],
            )
    return loss.view(label.shape), slope


def _floats(logits: Tensor) -> Tensor:
    """float32 (C, n), of which each logit lies in a row."""
    logits = logits.float()
    return logits if logits.stride(1) == 1 else logits.contiguous()


def _cross_entropy(
    logits: Tensor, label: Tensor, loss: Tensor, gradient: Tensor | None
) -> None:
    """Write -log p_c of some pixels, and p - 1[c].

    Args:
        logits: Adjusted, (C, n).
        label: (n,).
        loss: Where it goes, (n,).
        gradient: Where it goes, (C, n); None: it is not wanted.
    """
    size = max(_CHUNK // len(logits), 1)
    for start in range(0, len(label), size):
        part = slice(start, start + size)
        z, own = logits[:, part], label[part].unsqueeze(0)
        if gradient is None:
            log_p = torch.log_softmax(z, 0).gather(0, own)
            torch.neg(log_p.squeeze(0), out=loss[part])
            continue
        p = torch.softmax(z, 0)
        share = p.gather(0, own)
        if float(share.amin()) > _SMALLEST:
            torch.log(share.squeeze(0), out=loss[part]).neg_()
        else:
            log_p = torch.log_softmax(z, 0).gather(0, own)
            torch.neg(log_p.squeeze(0), out=loss[part])
        gradient[:, part] = p.scatter_(0, own, share.sub_(1))


def _memory_of_gradient(logits: Tensor) -> Tensor:
    """float32 like the logits, in an order that has pixels in one row."""
    last = logits.dim() == 4 and logits.is_contiguous(
        memory_format=torch.channels_last
    )
    return torch.empty_like(
        logits,
        dtype=torch.float32,
        memory_format=torch.channels_last if last else torch.contiguous_format,
    )


def _images(logits: Tensor) -> Tensor:
    """(N, C, ...) as (N, C, P); (P, C), pixels alone, as (1, C, P)."""
    if logits.dim() == 2:
        return logits.T.unsqueeze(0)
    return logits.flatten(2)
