"""Cross entropy of logits minus tau times their offset, in one go (Eq. 9).

The logits are read once forwards and once backwards, in their own type; there
is no copy of them, adjusted or in float32.
"""

from typing import Any

import torch
from torch import Tensor

from .layout import as_images, as_maps, blocks_of, empty_as, strides_of
from .lookup import table_arguments


@torch.library.custom_op(
    'mmseg_balance::adjusted_cross_entropy', mutates_args=()
)
def adjusted_cross_entropy(
    logits: Tensor,
    labels: Tensor,
    domain: Tensor | None,
    class_weight: Tensor | None,
    low: Tensor,
    scale: Tensor,
    fitted: Tensor,
    starts: Tensor,
    values: Tensor,
    refinement: int,
    ignore_index: int,
    tau: float,
) -> tuple[Tensor, Tensor, Tensor]:
    """Loss of each pixel.

    Equals ``F.cross_entropy`` of what ``offset_lookup`` gives; tested in
    tests/logits/kernels/test_cross_entropy.py. Any number of classes: they
    take turns in a block's registers.

    Args:
        logits: z, (N, C, ...), of any strides.
        labels: (N, ...). The loss of one that is neither a class nor
            ``ignore_index`` is NaN.
        domain: Index of each pixel's bank, (N, ...). None: 0.
        class_weight: float32 (C,), as in ``F.cross_entropy``. None: 1.
        low, scale, fitted, starts, values: As those of an ``OffsetTable``.
        refinement: Intervals of a refined cell.
        ignore_index: Label of pixels whose loss is 0.
        tau: Scale of the offset.

    Returns:
        The loss, float32 (N, ...), whose gradient is that of the logits with
        the offset held constant. And what that needs: the largest adjusted
        logit of each pixel, and log sum exp(logit - largest).
    """
    from .programs.cross_entropy import adjusted_cross_entropy as program

    loss, top, log_sum = (_map_of(logits) for _ in range(3))
    if not logits.numel():
        return loss, top, log_sum
    images = as_images(logits)
    classes, domains = as_maps(labels, logits), as_maps(domain, logits)
    grid, block = blocks_of(images)
    with torch.cuda.device_of(logits):
        program[grid](
            images,
            classes,
            domains,
            class_weight,
            loss,
            top,
            log_sum,
            **table_arguments(low, scale, fitted, starts, values),
            **block,
            **strides_of(logits=images, labels=classes, domain=domains),
            ignore_index=ignore_index,
            tau=tau,
            REFINEMENT=refinement,
        )
    return loss, top, log_sum


@adjusted_cross_entropy.register_fake
def _(logits: Tensor, *_: Any) -> tuple[Tensor, Tensor, Tensor]:
    return _map_of(logits), _map_of(logits), _map_of(logits)


@torch.library.custom_op(
    'mmseg_balance::adjusted_cross_entropy_backward', mutates_args=()
)
def adjusted_cross_entropy_backward(
    slope: Tensor,
    top: Tensor,
    log_sum: Tensor,
    logits: Tensor,
    labels: Tensor,
    domain: Tensor | None,
    class_weight: Tensor | None,
    low: Tensor,
    scale: Tensor,
    fitted: Tensor,
    starts: Tensor,
    values: Tensor,
    refinement: int,
    ignore_index: int,
    tau: float,
) -> Tensor:
    """Gradient of the logits.

    Args:
        slope: Gradient of the loss of each pixel, (N, ...).
        top, log_sum: As :func:`adjusted_cross_entropy` returns them.
        logits, ...: Its arguments.

    Returns:
        (N, C, ...), of the type of the logits.
    """
    from .programs.cross_entropy import (
        adjusted_cross_entropy_backward as program,
    )

    out = empty_as(logits, logits.dtype)
    if not out.numel():
        return out
    images, written = as_images(logits), as_images(out)
    classes, domains = as_maps(labels, logits), as_maps(domain, logits)
    slopes = as_maps(slope, logits)
    grid, block = blocks_of(images)
    with torch.cuda.device_of(logits):
        program[grid](
            images,
            classes,
            domains,
            class_weight,
            slopes,
            top,
            log_sum,
            written,
            **table_arguments(low, scale, fitted, starts, values),
            **block,
            **strides_of(
                logits=images,
                labels=classes,
                domain=domains,
                slope=slopes,
                out=written,
            ),
            ignore_index=ignore_index,
            tau=tau,
            REFINEMENT=refinement,
        )
    return out


@adjusted_cross_entropy_backward.register_fake
def _(slope: Tensor, top: Tensor, log_sum: Tensor, logits: Tensor, *_: Any):
    return empty_as(logits, logits.dtype)


def _map_of(logits: Tensor) -> Tensor:
    """Memory for a number of each pixel, float32 (N, ...)."""
    shape = logits.shape[0], *logits.shape[2:]
    return logits.new_empty(shape, dtype=torch.float32)


def _keep(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, ...]):
    _, top, log_sum = output
    tensors, ctx.numbers = inputs[:9], inputs[9:]
    ctx.save_for_backward(top, log_sum, *tensors)
    ctx.set_materialize_grads(False)  # zeros for what nobody derives


def _backward(
    ctx: Any, slope: Tensor | None, *_: Any
) -> tuple[Tensor | None, ...]:
    if slope is None:
        return (None,) * 12
    gradient = adjusted_cross_entropy_backward(
        slope, *ctx.saved_tensors, *ctx.numbers
    )
    return gradient, *[None] * 11


adjusted_cross_entropy.register_autograd(_backward, setup_context=_keep)
