"""Post-hoc scores, a block of pixels and one class at a time (Eq. 7)."""

import triton
import triton.language as tl

from .lookup import table_offset


@triton.jit
def post_hoc_scores(
    logits,
    out,
    low,
    scale,
    fitted,
    starts,
    values,
    num_rows,
    cells,
    below,
    num_classes,
    num_pixels,
    first_row,
    tau,
    REFINEMENT: tl.constexpr,
    BLOCK_C: tl.constexpr,
    BLOCK_P: tl.constexpr,
):
    """log p~_c of some pixels: all logits are moved as if c were the label.

    Args:
        logits, out: float32 (C, pixels), contiguous.
        low, ..., below: See :func:`.lookup.table_offset`.
        first_row: Row of the bank's first class.
    """
    c = tl.program_id(1)
    pixel = tl.program_id(0).to(tl.int64) * BLOCK_P + tl.arange(0, BLOCK_P)
    inside = pixel < num_pixels
    row = tl.zeros((1, BLOCK_P), tl.int64) + (first_row + c)
    highest = tl.full((BLOCK_P,), float('-inf'), tl.float32)
    total = tl.zeros((BLOCK_P,), tl.float32)
    own = tl.zeros((BLOCK_P,), tl.float32)
    for begin in range(0, num_classes, BLOCK_C):
        logit = begin + tl.arange(0, BLOCK_C)[:, None]
        here = inside[None, :] & (logit < num_classes)
        place = logit.to(tl.int64) * num_pixels + pixel[None, :]
        z = tl.load(logits + place, here, 0.0)
        z += tau * table_offset(
            z,
            row,
            logit,
            here,
            low,
            scale,
            fitted,
            starts,
            values,
            num_rows,
            cells,
            below,
            num_classes,
            REFINEMENT,
        )
        own += tl.sum(tl.where(logit == c, z, 0.0), 0)
        z = tl.where(logit < num_classes, z, float('-inf'))
        before = highest
        highest = tl.maximum(highest, tl.max(z, 0))
        # -inf - -inf is NaN: not for want of a finite logit as yet
        base = tl.where(highest == float('-inf'), 0.0, highest)
        total = total * tl.exp(before - base)
        total += tl.sum(tl.exp(z - base[None, :]), 0)
    score = (own - highest) - tl.log(total)
    tl.store(out + c.to(tl.int64) * num_pixels + pixel, score, inside)
