"""Offsets of a batch, or its adjusted logits, in one go (Eq. 9)."""

from typing import Any

import torch
from torch import Tensor

from .layout import as_images, as_maps, blocks_of, empty_as, strides_of


@torch.library.custom_op('mmseg_balance::offset_lookup', mutates_args=())
def offset_lookup(
    logits: Tensor,
    labels: Tensor,
    domain: Tensor | None,
    low: Tensor,
    scale: Tensor,
    fitted: Tensor,
    starts: Tensor,
    values: Tensor,
    refinement: int,
    ignore_index: int,
    tau: float | None,
) -> Tensor:
    """Read an offset table: each logit is read once, and written once.

    Equals ``TableReader.read_plainly``; tested in
    tests/logits/kernels/test_lookup.py.

    Args:
        logits: z, (N, C, ...), of any strides.
        labels: (N, ...).
        domain: Index of each pixel's bank, (N, ...). None: 0.
        low, scale, fitted, starts, values: As those of an ``OffsetTable``.
        refinement: Intervals of a refined cell.
        ignore_index: Label of pixels whose offset is 0.
        tau: Scale of the offset. None: the offset alone is asked for.

    Returns:
        z - tau Delta, or Delta; float32 (N, C, ...), without gradient.
    """
    from .programs.lookup import offset_lookup as program

    out = empty_as(logits, torch.float32)
    if not out.numel():
        return out
    images, written = as_images(logits), as_images(out)
    classes, domains = as_maps(labels, logits), as_maps(domain, logits)
    grid, block = blocks_of(images)
    with torch.cuda.device_of(logits):
        program[grid](
            images,
            classes,
            domains,
            written,
            **table_arguments(low, scale, fitted, starts, values),
            **block,
            **strides_of(
                logits=images, labels=classes, domain=domains, out=written
            ),
            ignore_index=ignore_index,
            tau=tau or 0.0,
            ADJUST=tau is not None,
            REFINEMENT=refinement,
        )
    return out


@offset_lookup.register_fake
def _(logits: Tensor, *_: Any) -> Tensor:
    return empty_as(logits, torch.float32)


def table_arguments(
    low: Tensor, scale: Tensor, fitted: Tensor, starts: Tensor, values: Tensor
) -> dict[str, Any]:
    """A table as arguments of a program.

    Args:
        low, scale, fitted, starts, values: See :func:`offset_lookup`.
    """
    cells = starts.numel() // (low.numel() - low.shape[0])
    return dict(
        low=low,
        scale=scale,
        fitted=fitted,
        starts=starts,
        values=values,
        num_rows=low.shape[1],
        cells=cells,
        # the largest float32 below it
        below=cells * (1 - 2**-24),
    )
