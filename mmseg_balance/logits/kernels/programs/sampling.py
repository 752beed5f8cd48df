"""Samples of logits in Triton: which pixels, and what they have."""

import triton
import triton.language as tl


@triton.jit
def labels_program(
    labels,
    weight,
    target_mask,
    result,
    num,
    num_classes,
    ignore_index,
    one_class,
    HAS_WEIGHT: tl.constexpr,
    HAS_MASK: tl.constexpr,
    ONE_CLASS: tl.constexpr,
    BLOCK: tl.constexpr,
):
    """Write labels in 16 bits, -1 for what is no sample.

    With ONE_CLASS, 0 for the pixels of ``one_class`` and 1 for the others.
    """
    place = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    inside = place < num
    label = tl.load(labels + place, mask=inside, other=0).to(tl.int64)
    known = (label >= 0) & (label < num_classes) & (label != ignore_index)
    if HAS_WEIGHT:
        known &= tl.load(weight + place, mask=inside, other=0) != 0
    if HAS_MASK:
        known &= tl.load(target_mask + place, mask=inside, other=0) != 0
    if ONE_CLASS:
        label = (label != one_class).to(tl.int64)
    label = tl.where(known, label, -1).to(tl.int16)
    tl.store(result + place, label, mask=inside)


@triton.jit
def _first_at_least(values, num, wanted):
    """Places in ascending ``values`` of the first that is not less."""
    low = wanted.to(tl.int64) * 0
    high = low + num
    width = num
    while width > 0:
        open_ = low < high
        middle = (low + high) // 2
        found = tl.load(values + middle, mask=open_, other=0)
        right = open_ & (found.to(tl.int64) < wanted)
        low = tl.where(right, middle + 1, low)
        high = tl.where(open_ & ~right, middle, high)
        width = width // 2
    return low


@triton.jit
def shares_program(
    by_class,
    result,
    num,
    num_classes,
    min_samples,
    size,
    WIDTH: tl.constexpr,
):
    """Write where each class begins in sorted labels, and its samples.

    One program; the samples of a class are as many as those of the smallest
    class that has enough of them, or none.
    """
    c = tl.arange(0, WIDTH)
    real = c < num_classes
    begin = _first_at_least(by_class, num, c)
    counts = _first_at_least(by_class, num, c + 1) - begin
    enough = real & (counts >= min_samples)
    share = tl.min(tl.where(enough, counts, size))
    share = tl.minimum(share, size)
    tl.store(result + c, begin, mask=real)
    taken = tl.where(enough, share, 0)
    tl.store(result + num_classes + c, taken, mask=real)


@triton.jit
def _logits_of(
    logits, pixel, channel, known, height, width, stride_n, stride_c,
    stride_h, stride_w,
    LARGEST: tl.constexpr,
):  # fmt: skip
    """Logits of some pixels in float32, NaN where they do not count."""
    plane = height * width
    image = (pixel // plane).to(tl.int64)
    y = (pixel % plane // width).to(tl.int64)
    x = (pixel % width).to(tl.int64)
    offset = image * stride_n + y * stride_h + x * stride_w
    offset += channel.to(tl.int64) * stride_c
    value = tl.load(logits + offset, mask=known, other=0).to(tl.float32)
    counts = known & (tl.abs(value) < LARGEST)  # False for NaN
    return tl.where(counts, value, float('nan'))


@triton.jit
def class_logits_program(
    logits,
    order,
    rank,
    shares,
    result,
    num_classes,
    num_logits,
    size,
    height,
    width,
    stride_n,
    stride_c,
    stride_h,
    stride_w,
    BLOCK: tl.constexpr,
    LARGEST: tl.constexpr,
):
    """Write all logits of some samples of one class."""
    c = tl.program_id(0)
    slot = tl.program_id(1) * BLOCK + tl.arange(0, BLOCK)
    begin = tl.load(shares + c)
    known = slot < tl.load(shares + num_classes + c)
    place = tl.load(rank + begin + slot, mask=known, other=0)
    pixel = tl.load(order + place, mask=known, other=0)
    row = result + c.to(tl.int64) * num_logits * size
    for logit in range(num_logits):
        channel = tl.zeros([BLOCK], tl.int32) + logit
        value = _logits_of(
            logits, pixel, channel, known, height, width, stride_n, stride_c,
            stride_h, stride_w, LARGEST,
        )  # fmt: skip
        tl.store(row + slot, value, mask=slot < size)
        row += size


@triton.jit
def anchor_logits_program(
    logits,
    labels,
    rank,
    drawn,
    shift,
    result,
    num,
    size,
    num_classes,
    min_samples,
    height,
    width,
    stride_n,
    stride_c,
    stride_h,
    stride_w,
    EACH: tl.constexpr,
    BLOCK: tl.constexpr,
    LARGEST: tl.constexpr,
):
    """Write a positive and a negative logit of some labelled pixels.

    With EACH, of each pixel once.
    """
    slot = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    inside = slot < size
    count = tl.load(rank + num - 1)
    if EACH:
        pixel = slot.to(tl.int64)
    else:
        share = tl.load(drawn + slot, mask=inside, other=0)
        wanted = (share * count.to(tl.float32)).to(tl.int64) + 1
        pixel = tl.minimum(_first_at_least(rank, num, wanted), num - 1)
    label = tl.load(labels + pixel, mask=inside, other=-1).to(tl.int32)
    known = inside & (label >= 0) & (count >= min_samples)
    label = tl.where(known, label, 0)
    other = label + tl.load(shift + slot, mask=inside, other=0).to(tl.int32)
    other = other % num_classes
    positive = _logits_of(
        logits, pixel, label, known, height, width, stride_n, stride_c,
        stride_h, stride_w, LARGEST,
    )  # fmt: skip
    negative = _logits_of(
        logits, pixel, other, known, height, width, stride_n, stride_c,
        stride_h, stride_w, LARGEST,
    )  # fmt: skip
    tl.store(result + slot, positive, mask=inside)
    tl.store(result + size + slot, negative, mask=inside)
