"""Difficulty d of each pixel in its own class, and its regression (Eq. 10)."""

import triton
import triton.language as tl

from .lookup import pixels_of_block

_SQRT_HALF = tl.constexpr(0.7071067811865476)


@triton.jit
def own_cdf(
    logits,
    labels,
    domain,
    weights_0,
    means_0,
    variances_0,
    updates_0,
    weights_1,
    means_1,
    variances_1,
    updates_1,
    n,
    h,
    w,
    inside,
    num_classes,
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
    K: tl.constexpr,
):
    """d and whether it means something, 1 or 0; float32 (BLOCK_P,).

    Args:
        domain: May be None: all pixels are of the first bank.
        weights_0, ...: Mixtures (C, C, K) and updates (C, C) of the first
            bank, and of the second one; contiguous.
        n, h, w, inside: Of :func:`.lookup.pixels_of_block`.
        logits_n, ...: Strides.
    """
    label = tl.load(
        labels + n * labels_n + h * labels_h + w * labels_w, inside, -1
    ).to(tl.int64)
    known = inside & (label >= 0) & (label < num_classes)
    known &= label != ignore_index
    label = tl.where(known, label, 0)
    place = n * logits_n + label * logits_c + h * logits_h + w * logits_w
    z = tl.load(logits + place, inside, 0.0).to(tl.float32)
    first = inside
    second = inside & False
    if domain is not None:
        place = n * domain_n + h * domain_h + w * domain_w
        second = inside & (tl.load(domain + place, inside, 0) != 0)
        first = inside & (second == 0)
    pair = label * (num_classes + 1)
    updates = tl.load(updates_0 + pair, first, 0)
    updates += tl.load(updates_1 + pair, second, 0)
    cdf = tl.zeros_like(z)
    # not unrolled: any number fits the registers
    for k in range(K):
        at = pair * K + k
        weight = tl.load(weights_0 + at, first, 0.0)
        weight += tl.load(weights_1 + at, second, 0.0)
        mean = tl.load(means_0 + at, first, 0.0)
        mean += tl.load(means_1 + at, second, 0.0)
        variance = tl.load(variances_0 + at, first, 0.0)
        variance += tl.load(variances_1 + at, second, 0.0)
        spread = tl.sqrt(tl.where(inside, variance, 1.0))
        cdf += weight * (0.5 + 0.5 * tl.erf((z - mean) * _SQRT_HALF / spread))
    valid = (known & (updates > 0)).to(tl.float32)
    return cdf * valid, valid


@triton.jit
def positive_cdf(
    logits,
    labels,
    domain,
    density,
    valid,
    weights_0,
    means_0,
    variances_0,
    updates_0,
    weights_1,
    means_1,
    variances_1,
    updates_1,
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
    K: tl.constexpr,
    BLOCK_P: tl.constexpr,
):
    """Write d of a block of pixels.

    Args:
        density, valid: float32 and bool, one a pixel; contiguous.
        Others: As above.
    """
    n, h, w, inside = pixels_of_block(height, width, BLOCK_P)
    d, means_something = own_cdf(
        logits,
        labels,
        domain,
        weights_0,
        means_0,
        variances_0,
        updates_0,
        weights_1,
        means_1,
        variances_1,
        updates_1,
        n,
        h,
        w,
        inside,
        num_classes,
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
        K,
    )
    pixel = n * height * width + h * width + w
    tl.store(density + pixel, d, inside)
    tl.store(valid + pixel, means_something > 0, inside)


@triton.jit
def density_loss(
    prediction,
    logits,
    labels,
    domain,
    quality,
    partial,
    slope,
    weights_0,
    means_0,
    variances_0,
    updates_0,
    weights_1,
    means_1,
    variances_1,
    updates_1,
    num_classes,
    height,
    width,
    prediction_n,
    prediction_c,
    prediction_h,
    prediction_w,
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
    quality_n,
    quality_h,
    quality_w,
    ignore_index,
    share,
    SQUARED: tl.constexpr,
    K: tl.constexpr,
    BLOCK_P: tl.constexpr,
):
    """Loss of a block of pixels, and its derivative by each prediction.

    Args:
        quality: Weight of each pixel; may be None.
        partial: The block's part of the mean, float32 (blocks,).
        slope: float32, one a pixel; contiguous.
        share: One over the number of pixels.
        SQUARED: The square of the error, or else its size.
        Others: As above.
    """
    n, h, w, inside = pixels_of_block(height, width, BLOCK_P)
    d, valid = own_cdf(
        logits,
        labels,
        domain,
        weights_0,
        means_0,
        variances_0,
        updates_0,
        weights_1,
        means_1,
        variances_1,
        updates_1,
        n,
        h,
        w,
        inside,
        num_classes,
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
        K,
    )
    place = n * prediction_n + h * prediction_h + w * prediction_w
    error = tl.load(prediction + place, inside, 0.0).to(tl.float32) - d
    error *= valid
    factor = valid * share
    if quality is not None:
        place = n * quality_n + h * quality_h + w * quality_w
        factor *= tl.load(quality + place, inside, 0.0).to(tl.float32)
    if SQUARED:
        loss = error * error
        derivative = 2 * error
    else:
        loss = tl.abs(error)
        # 0 and NaN stay what they are
        derivative = tl.where(error > 0, 1.0, tl.where(error < 0, -1.0, error))
    pixel = n * height * width + h * width + w
    tl.store(slope + pixel, derivative * factor, inside)
    part = tl.sum(tl.where(inside, loss * factor, 0.0), 0)
    tl.store(partial + tl.program_id(0), part)
