"""Reading an offset table, a block of logits at a time."""

import triton
import triton.language as tl

# the offset of an infinite logit, times 0, is 0
_HUGE = tl.constexpr(1e38)


@triton.jit
def pixels_of_block(height, width, BLOCK_P: tl.constexpr):
    """Image, row and column of the pixels of this block.

    Returns:
        The image, int64; of each pixel row and column, int64 (BLOCK_P,); and
        whether it is one.
    """
    pixels = height * width
    blocks = tl.cdiv(pixels, BLOCK_P)
    image = tl.program_id(0) // blocks
    pixel = (tl.program_id(0) % blocks) * BLOCK_P + tl.arange(0, BLOCK_P)
    row = pixel // width
    column = pixel - row * width
    return (
        image.to(tl.int64),
        row.to(tl.int64),
        column.to(tl.int64),
        pixel < pixels,
    )


@triton.jit
def labels_and_rows(
    labels,
    domain,
    n,
    h,
    w,
    inside,
    labels_n,
    labels_h,
    labels_w,
    domain_n,
    domain_h,
    domain_w,
    ignore_index,
    num_classes,
    num_rows,
):
    """Label and row of the table of each pixel, int64 (BLOCK_P,).

    Args:
        domain: May be None.

    Returns:
        Labels; and rows, the last one for pixels without a class.
    """
    place = n * labels_n + h * labels_h + w * labels_w
    label = tl.load(labels + place, mask=inside, other=0).to(tl.int64)
    row = label
    if domain is not None:
        place = n * domain_n + h * domain_h + w * domain_w
        of_domain = tl.load(domain + place, mask=inside, other=0)
        row += num_classes * of_domain.to(tl.int64)
    known = (label >= 0) & (label < num_classes) & (label != ignore_index)
    known &= (row >= 0) & (row < num_rows)
    return label, tl.where(known, row, num_rows - 1)


@triton.jit
def table_offset(
    z,
    row,
    logit,
    inside,
    low,
    scale,
    fitted,
    starts,
    values,
    num_rows,
    cells,
    below,
    num_classes,
    REFINEMENT: tl.constexpr,
):
    """Offsets of a block; equals ``TableReader.read_plainly``.

    Args:
        z: Logits, float32 (BLOCK_C, BLOCK_P).
        row: Row of each pixel, (1, BLOCK_P).
        logit: Number of each logit, (BLOCK_C, 1).
        inside: Which are logits at all, (BLOCK_C, BLOCK_P).
        low, scale, fitted: Tables, (C, num_rows).
        starts, values: As those of an ``OffsetTable``.
        cells: Those of the uniform grid.
        below: The largest number below ``cells``.
        REFINEMENT: Intervals of a refined cell.
    """
    place = logit * num_rows + row
    first = tl.load(low + place, mask=inside, other=0.0)
    factor = tl.load(scale + place, mask=inside, other=0.0)
    factor *= tl.load(fitted + place, mask=inside, other=0.0)
    read = factor > 0
    spot = (z - first) * factor
    # NaN is the loss's to report, and no index
    spot = tl.where(spot == spot, spot, 0.0)
    spot = tl.minimum(tl.maximum(spot, 0.0), below)
    cell = spot.to(tl.int32)
    share = spot - cell.to(tl.float32)
    cell = (row * num_classes + logit) * cells + cell
    start = tl.load(starts + cell, mask=read, other=0).to(tl.int64)
    refined = start < 0
    # a product may round up to the next knot
    share = tl.where(
        refined,
        tl.minimum(share * REFINEMENT, REFINEMENT * (1 - 2**-24)),
        share,
    )
    step = share.to(tl.int32)
    share -= step.to(tl.float32)
    knot = tl.where(refined, -start, start) + step
    left = tl.load(values + knot, mask=read, other=0.0)
    right = tl.load(values + knot + 1, mask=read, other=0.0)
    aligned = left + (right - left) * share
    # comparisons that NaN passes through
    bounded = tl.where(z > _HUGE, _HUGE, tl.where(z < -_HUGE, -_HUGE, z))
    return (aligned - bounded) * tl.where(read, 1.0, 0.0)


@triton.jit
def offset_lookup(
    logits,
    labels,
    domain,
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
    height,
    width,
    logits_n,
    logits_c,
    logits_h,
    logits_w,
    labels_n,
    labels_h,
    labels_w,
    domain_n,
    domain_h,
    domain_w,
    out_n,
    out_c,
    out_h,
    out_w,
    ignore_index,
    tau,
    ADJUST: tl.constexpr,
    REFINEMENT: tl.constexpr,
    BLOCK_C: tl.constexpr,
    BLOCK_P: tl.constexpr,
):
    """Offsets of a block of pixels, or logits minus tau times them.

    Args:
        domain: May be None.
        out: float32; offsets where not ``ADJUST``.
        logits_n, ...: Strides.
    """
    n, h, w, inside = pixels_of_block(height, width, BLOCK_P)
    _, row = labels_and_rows(
        labels,
        domain,
        n,
        h,
        w,
        inside,
        labels_n,
        labels_h,
        labels_w,
        domain_n,
        domain_h,
        domain_w,
        ignore_index,
        num_classes,
        num_rows,
    )
    logits += n * logits_n + (h * logits_h + w * logits_w)[None, :]
    out += n * out_n + (h * out_h + w * out_w)[None, :]
    for begin in range(0, num_classes, BLOCK_C):
        logit = begin + tl.arange(0, BLOCK_C)[:, None]
        here = inside[None, :] & (logit < num_classes)
        z = tl.load(logits + logit.to(tl.int64) * logits_c, here, 0.0)
        z = z.to(tl.float32)
        result = table_offset(
            z,
            row[None, :],
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
        if ADJUST:
            result = z - tau * result
        tl.store(out + logit.to(tl.int64) * out_c, result, here)
