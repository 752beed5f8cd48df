"""Which pixels of a batch are samples (Alg. 1, App. D).

Nothing here depends on data for its shape, so nothing makes the host wait
for the device: pixels come in buffers, with a mask of those that count. On
the CPU, where reading is free, the buffers have no more than those.
"""

from typing import NamedTuple

import torch
from torch import Tensor

from ... import host

# Samples a class (or pixels, for the anchors) without a cap of the user's.
# 1024 samples give a CDF to 1.6 % (one standard error at the median), and
# the momentum averages a hundred such estimates.
DEFAULT_CLASS_SAMPLES = 1024
ANCHOR_SAMPLES = 16384


class ByClass(NamedTuple):
    """Pixels in random order, sorted by class.

    Of each class the first few are a draw without replacement. What is no
    class lies outside.

    Attributes:
        labels: The labels in that order, (P,).
        order: The random order of all pixels, int32 (P,).
        rank: Places in it, sorted by class, int64 (P,).
    """

    labels: Tensor
    order: Tensor
    rank: Tensor


def narrow(labels: Tensor, num_classes: int) -> Tensor:
    """Labels in 16 bits, which are sorted several times as fast as 64.

    Args:
        labels: Of any integer type and shape.
        num_classes: Number of classes C.

    Returns:
        A copy in int16 (int64 for very many classes); what is no class is
        -1 or C.
    """
    small = num_classes < torch.iinfo(torch.int16).max
    kind = torch.int16 if small else torch.int64
    # uint8 has no -1 to clamp to, and needs none
    lowest = -1 if labels.dtype.is_signed else 0
    limited = labels.clamp(lowest, num_classes)
    return limited.to(kind, copy=True)


def shuffle_by_class(labels: Tensor) -> ByClass:
    """Put narrow labels (P,) in random order, and sort them by class."""
    order = torch.randperm(
        labels.numel(), dtype=torch.int32, device=labels.device
    )
    shuffled = labels.index_select(0, order)
    if host.on_host(labels):  # NumPy sorts 16 bits ten times as fast
        rank = torch.from_numpy(shuffled.numpy().argsort(kind='stable'))
        return ByClass(shuffled.index_select(0, rank), order, rank)
    by_class, rank = shuffled.sort(stable=True)
    return ByClass(by_class, order, rank)


def class_size(num_pixels: int, max_samples: int | None) -> int:
    """Samples of a class at most, in a batch of so many pixels."""
    return min(max_samples or DEFAULT_CLASS_SAMPLES, num_pixels)


def draw_class_pixels(
    labels: Tensor,
    num_classes: int,
    min_samples: int,
    max_samples: int | None,
    equal: bool = True,
) -> tuple[Tensor, Tensor]:
    """Draw equally many pixels of each class that has enough of them.

    Args:
        labels: (P,), see :func:`narrow`.
        num_classes, min_samples, max_samples, equal: See
            :func:`.batch.sample_class_logits`.

    Returns:
        Numbers of pixels (C, n), and those that count, bool (C, n).
    """
    drawn = shuffle_by_class(labels)
    device = labels.device
    classes = torch.arange(num_classes + 1, device=device).to(labels.dtype)
    bounds = torch.searchsorted(drawn.labels, classes)
    counts = bounds.diff()
    enough = counts >= min_samples
    size = class_size(labels.numel(), max_samples)
    fewest = counts.masked_fill(~enough, size).min()
    num_sample = (fewest if equal else counts[:, None]).clamp(max=size)
    if host.on_host(labels):  # nothing to wait for, and less to compute
        size = int(num_sample.max()) if bool(enough.any()) else 0
    slots = torch.arange(size, device=device)
    valid = enough[:, None] & (slots < num_sample)
    place = (bounds[:-1, None] + slots).clamp_(max=labels.numel() - 1)
    return drawn.order[drawn.rank[place]], valid


def draw_labelled_pixels(
    labels: Tensor, num_classes: int, min_samples: int, max_samples: int
) -> tuple[Tensor, Tensor, Tensor]:
    """Draw labelled pixels, and for each its class and another one.

    Args:
        labels: (P,), see :func:`narrow`.
        num_classes, min_samples, max_samples: See
            :func:`.batch.sample_anchor_logits`.

    Returns:
        Numbers of pixels (n,), two classes of each (2, n), and those that
        count, bool (n,).
    """
    known = (labels >= 0) & (labels < num_classes)
    rank = known.cumsum(0)  # of each labelled pixel among those, from 1
    count = rank[-1] if len(rank) else rank.sum()
    drawn = draw_shares(labels, max_samples)
    if drawn is None:
        index = torch.arange(labels.numel(), device=labels.device)
    else:
        index = torch.searchsorted(rank, drawn.mul_(count).long() + 1)
        index.clamp_(max=labels.numel() - 1)
    valid = known[index] & (count >= min_samples)
    label = labels[index].long().masked_fill_(~valid, 0)
    other = (label + draw_shift(label, num_classes)) % num_classes
    return index, torch.stack([label, other]), valid


def draw_shares(labels: Tensor, max_samples: int) -> Tensor | None:
    """Which of the labelled pixels: shares of their number, (n,).

    None where the batch has so few pixels that each is taken once.
    """
    if labels.numel() <= max_samples:
        return None
    return torch.rand(max_samples, device=labels.device)


def draw_shift(like: Tensor, num_classes: int) -> Tensor:
    """Classes from a pixel's own to another one, int64 of a shape."""
    return torch.randint(1, num_classes, like.shape, device=like.device)
