"""Samples of logits, a launch for each step that is not PyTorch's own.

Equal to the functions of ``statistics.sampling``, which call these operators
where kernels run, and draw for them. Logits are of any type and strides.
"""

import torch
from torch import Tensor

from .layout import as_images

_BLOCK = 128
_LABELS_BLOCK = 1024
# Classes that one program counts.
MAX_CLASSES = 1024


@torch.library.custom_op('mmseg_balance::sampled_labels', mutates_args=())
def sampled_labels(
    labels: Tensor,
    weight: Tensor | None,
    target_mask: Tensor | None,
    num_classes: int,
    ignore_index: int,
    one_class: int | None = None,
) -> Tensor:
    """Labels of the pixels that may be samples, -1 for all others.

    Args:
        labels: Of any shape, P pixels.
        weight: Pixels of weight 0 are no samples. Default: all may be.
        target_mask: Pixels that may be samples. Default: all.
        num_classes: Number of classes C.
        ignore_index: Label of pixels that are no samples.
        one_class: A class: its pixels are 0, and all others 1.

    Returns:
        int16 (P,).
    """
    from .programs.sampling import labels_program

    num = labels.numel()
    result = torch.empty(num, dtype=torch.int16, device=labels.device)
    if not num:
        return result
    labels = _readable(labels)
    with torch.cuda.device_of(labels):
        labels_program[(-(-num // _LABELS_BLOCK),)](
            labels,
            labels if weight is None else _readable(weight),
            labels if target_mask is None else _readable(target_mask),
            result,
            num,
            num_classes,
            ignore_index,
            -1 if one_class is None else one_class,
            HAS_WEIGHT=weight is not None,
            HAS_MASK=target_mask is not None,
            ONE_CLASS=one_class is not None,
            BLOCK=_LABELS_BLOCK,
        )
    return result


@sampled_labels.register_fake
def _(
    labels: Tensor,
    weight: Tensor | None,
    target_mask: Tensor | None,
    num_classes: int,
    ignore_index: int,
    one_class: int | None = None,
) -> Tensor:
    return torch.empty(labels.numel(), dtype=torch.int16, device=labels.device)


@torch.library.custom_op('mmseg_balance::class_shares', mutates_args=())
def class_shares(
    by_class: Tensor, num_classes: int, min_samples: int, size: int
) -> Tensor:
    """Where each class begins, and how many of its pixels are samples.

    Args:
        by_class: Labels in ascending order, (P,).
        num_classes: Number of classes C.
        min_samples: Pixels that a class needs.
        size: Samples of a class at most.

    Returns:
        int64 (2, C).
    """
    from .programs.sampling import shares_program

    shape = (2, num_classes)
    result = torch.empty(shape, dtype=torch.int64, device=by_class.device)
    with torch.cuda.device_of(by_class):
        shares_program[(1,)](
            by_class,
            result,
            by_class.numel(),
            num_classes,
            min_samples,
            size,
            WIDTH=1 << (num_classes - 1).bit_length(),
        )
    return result


@class_shares.register_fake
def _(
    by_class: Tensor, num_classes: int, min_samples: int, size: int
) -> Tensor:
    shape = (2, num_classes)
    return torch.empty(shape, dtype=torch.int64, device=by_class.device)


@torch.library.custom_op('mmseg_balance::class_logits', mutates_args=())
def class_logits(
    logits: Tensor,
    order: Tensor,
    rank: Tensor,
    shares: Tensor,
    size: int,
    largest: float,
) -> Tensor:
    """Logits of the samples of each class.

    Args:
        logits: (N, L, ...), L logits of each pixel.
        order: Pixels in random order, int32 (P,).
        rank: Places in ``order``, by class, int64 (P,).
        shares: See :func:`class_shares`, (2, C).
        size: Samples n of a class.
        largest: Logits beyond this do not count.

    Returns:
        float32 (C, L, n), NaN where nothing counts.
    """
    from .programs.sampling import class_logits_program

    _, num_classes = shares.shape
    shape = (num_classes, logits.shape[1], size)
    result = torch.empty(shape, dtype=torch.float32, device=logits.device)
    if not size:
        return result
    logits = as_images(logits)
    with torch.cuda.device_of(logits):
        class_logits_program[(num_classes, -(-size // _BLOCK))](
            logits,
            order,
            rank,
            shares,
            result,
            num_classes,
            logits.shape[1],
            size,
            *_places(logits),
            BLOCK=_BLOCK,
            LARGEST=largest,
        )
    return result


@class_logits.register_fake
def _(
    logits: Tensor,
    order: Tensor,
    rank: Tensor,
    shares: Tensor,
    size: int,
    largest: float,
) -> Tensor:
    shape = (shares.shape[1], logits.shape[1], size)
    return torch.empty(shape, dtype=torch.float32, device=logits.device)


@torch.library.custom_op('mmseg_balance::anchor_logits', mutates_args=())
def anchor_logits(
    logits: Tensor,
    labels: Tensor,
    rank: Tensor,
    drawn: Tensor | None,
    shift: Tensor,
    min_samples: int,
    largest: float,
) -> Tensor:
    """A positive and a negative logit of labelled pixels.

    Args:
        logits: (N, C, ...).
        labels: -1 for what is no sample, (P,).
        rank: Number of samples up to each pixel, int32 (P,).
        drawn: Which of them, as a share of their number, float32 (n,).
            Default: each pixel, n = P.
        shift: Classes from a pixel's own to its negative one, int64 (n,).
        min_samples: Labelled pixels that are needed.
        largest: Logits beyond this do not count.

    Returns:
        float32 (2, n), NaN where nothing counts.
    """
    from .programs.sampling import anchor_logits_program

    size = shift.numel()
    result = torch.empty(2, size, dtype=torch.float32, device=logits.device)
    if not size:
        return result
    logits = as_images(logits)
    with torch.cuda.device_of(logits):
        anchor_logits_program[(-(-size // _BLOCK),)](
            logits,
            labels,
            rank,
            shift if drawn is None else drawn,
            shift,
            result,
            labels.numel(),
            size,
            logits.shape[1],
            min_samples,
            *_places(logits),
            EACH=drawn is None,
            BLOCK=_BLOCK,
            LARGEST=largest,
        )
    return result


@anchor_logits.register_fake
def _(
    logits: Tensor,
    labels: Tensor,
    rank: Tensor,
    drawn: Tensor | None,
    shift: Tensor,
    min_samples: int,
    largest: float,
) -> Tensor:
    return torch.empty(
        2, shift.numel(), dtype=torch.float32, device=logits.device
    )


def _places(images: Tensor) -> tuple[int, ...]:
    """Height, width and strides (n, c, h, w)."""
    return (*images.shape[2:], *images.stride())


def _readable(values: Tensor) -> Tensor:
    """One after the other, bool as bytes."""
    values = values.contiguous()
    return values.view(torch.uint8) if values.dtype == torch.bool else values
