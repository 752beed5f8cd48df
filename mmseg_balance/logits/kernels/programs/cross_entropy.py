"""Cross entropy of logits minus tau times their offset, and its gradient."""

import triton
import triton.language as tl

from .lookup import labels_and_rows, pixels_of_block, table_offset


@triton.jit
def adjusted_cross_entropy(
    logits,
    labels,
    domain,
    class_weight,
    loss,
    top,
    log_sum,
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
    ignore_index,
    tau,
    REFINEMENT: tl.constexpr,
    BLOCK_C: tl.constexpr,
    BLOCK_P: tl.constexpr,
):
    """Loss of a block of pixels: all classes, a few at a time.

    Args:
        domain, class_weight: May be None.
        loss, top, log_sum: float32, one a pixel; contiguous. Of the adjusted
            logits ``top`` is the largest, and ``log_sum`` the logarithm of
            the sum of exp(logit - top).
        logits_n, ...: Strides.
    """
    n, h, w, inside = pixels_of_block(height, width, BLOCK_P)
    label, row = labels_and_rows(
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
    highest = tl.full((BLOCK_P,), float('-inf'), tl.float32)
    total = tl.zeros((BLOCK_P,), tl.float32)
    own = tl.zeros((BLOCK_P,), tl.float32)
    for begin in range(0, num_classes, BLOCK_C):
        logit = begin + tl.arange(0, BLOCK_C)[:, None]
        here = inside[None, :] & (logit < num_classes)
        z = tl.load(logits + logit.to(tl.int64) * logits_c, here, 0.0)
        z = z.to(tl.float32)
        z -= tau * table_offset(
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
        own += tl.sum(tl.where(logit == label[None, :], z, 0.0), 0)
        z = tl.where(logit < num_classes, z, float('-inf'))
        before = highest
        highest = tl.maximum(highest, tl.max(z, 0))
        # -inf - -inf is NaN: not for want of a finite logit as yet
        base = tl.where(highest == float('-inf'), 0.0, highest)
        total = total * tl.exp(before - base)
        total += tl.sum(tl.exp(z - base[None, :]), 0)
    rest = tl.log(total)
    # precise where the largest logit is the own one, and large
    result = rest - (own - highest)
    known = (label >= 0) & (label < num_classes)
    if class_weight is not None:
        result *= tl.load(class_weight + label, mask=known & inside, other=0.0)
    # a label of no class shows in the loss
    result = tl.where(known, result, float('nan'))
    result = tl.where(label == ignore_index, 0.0, result)
    pixel = n * height * width + h * width + w
    tl.store(loss + pixel, result, inside)
    tl.store(top + pixel, highest, inside)
    tl.store(log_sum + pixel, rest, inside)


@triton.jit
def adjusted_cross_entropy_backward(
    logits,
    labels,
    domain,
    class_weight,
    slope,
    top,
    log_sum,
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
    slope_n,
    slope_h,
    slope_w,
    out_n,
    out_c,
    out_h,
    out_w,
    ignore_index,
    tau,
    REFINEMENT: tl.constexpr,
    BLOCK_C: tl.constexpr,
    BLOCK_P: tl.constexpr,
):
    """Gradient of the logits of a block of pixels, the offset held constant.

    Args:
        slope: Gradient of the loss of each pixel.
        out: Gradient of each logit, of the type of ``logits``.
        Others: As above.
    """
    n, h, w, inside = pixels_of_block(height, width, BLOCK_P)
    label, row = labels_and_rows(
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
    pixel = n * height * width + h * width + w
    highest = tl.load(top + pixel, inside, 0.0)[None, :]
    rest = tl.load(log_sum + pixel, inside, 0.0)[None, :]
    factor = tl.load(
        slope + n * slope_n + h * slope_h + w * slope_w, inside, 0.0
    )
    known = (label >= 0) & (label < num_classes)
    if class_weight is not None:
        factor *= tl.load(class_weight + label, mask=known & inside, other=0.0)
    factor = tl.where(known, factor, float('nan'))
    factor = tl.where(label == ignore_index, 0.0, factor)[None, :]
    logits += n * logits_n + (h * logits_h + w * logits_w)[None, :]
    out += n * out_n + (h * out_h + w * out_w)[None, :]
    for begin in range(0, num_classes, BLOCK_C):
        logit = begin + tl.arange(0, BLOCK_C)[:, None]
        here = inside[None, :] & (logit < num_classes)
        z = tl.load(logits + logit.to(tl.int64) * logits_c, here, 0.0)
        z = z.to(tl.float32)
        z -= tau * table_offset(
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
        share = tl.exp(z - highest - rest)
        share -= tl.where(logit == label[None, :], 1.0, 0.0)
        tl.store(out + logit.to(tl.int64) * out_c, share * factor, here)
