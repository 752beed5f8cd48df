"""Balanced samples of logits, of fixed size (Alg. 1, App. D).

Nothing here depends on data for its shape, so nothing makes the host wait
for the device: samples come in buffers, with a mask of those that count.
"""

import torch
from torch import Tensor

from .. import host

# Samples a class (or pixels, for the anchors) without a cap of the user's.
# 1024 samples give a CDF to 1.6 % (one standard error at the median), and
# the momentum averages a hundred such estimates.
DEFAULT_CLASS_SAMPLES = 1024
ANCHOR_SAMPLES = 16384


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


def _pick(logits: Tensor, index: Tensor) -> Tensor:
    """All logits of some pixels: (N, C, P) by pixel numbers -> (..., C)."""
    pixels = logits.shape[-1]
    return logits[index // pixels, :, index % pixels]


def sample_class_logits(
    logits: Tensor,
    labels: Tensor,
    min_samples: int = 100,
    max_samples: int | None = None,
) -> tuple[Tensor, Tensor]:
    """Draw equally many pixels of each class that has enough of them.

    N_sample is the smallest class count among those of at least
    ``min_samples`` pixels.

    Args:
        logits: (N, C, ...).
        labels: (N, ...); pixels with a label outside 0 .. C - 1 are left
            out.
        min_samples: Pixels N_min that a class needs.
        max_samples: Cap of N_sample. Default: 1024.

    Returns:
        Samples of logit l over the pixels of class c, float32 (C, C, n),
        and those that count, bool (C, n).

    Example:
        >>> labels = torch.tensor([0] * 70 + [1] * 20 + [2] * 3)
        >>> logits = torch.randn(len(labels), 3)
        >>> _, valid = sample_class_logits(logits, labels, min_samples=10)
        >>> valid.sum(1)
        tensor([20, 20,  0])
    """
    num_classes = logits.shape[1]
    flat = logits.flatten(2) if logits.dim() > 2 else logits.unsqueeze(2)
    labels = labels.reshape(-1)
    device = labels.device
    labels = narrow(labels, num_classes)
    # pixels in random order, then sorted by class: of each class the first
    # few are a draw without replacement; what is no class lies outside
    order = torch.randperm(labels.numel(), dtype=torch.int32, device=device)
    by_class, rank = labels.index_select(0, order).sort(stable=True)
    order = order.index_select(0, rank)
    classes = torch.arange(num_classes + 1, device=device).to(labels.dtype)
    bounds = torch.searchsorted(by_class, classes)
    counts = bounds.diff()
    enough = counts >= min_samples
    size = min(max_samples or DEFAULT_CLASS_SAMPLES, labels.numel())
    num_sample = counts.masked_fill(~enough, size).min().clamp(max=size)
    if host.on_host(labels):  # nothing to wait for, and less to compute
        size = int(num_sample) if bool(enough.any()) else 0
    slots = torch.arange(size, device=device)
    valid = enough[:, None] & (slots < num_sample)
    index = (bounds[:-1, None] + slots).clamp_(max=labels.numel() - 1)
    samples = _pick(flat, order[index]).float()
    return samples.transpose(1, 2).contiguous(), valid


def sample_anchor_logits(
    logits: Tensor,
    labels: Tensor,
    min_samples: int = 1,
    max_samples: int = ANCHOR_SAMPLES,
) -> tuple[Tensor, Tensor]:
    """Draw positive logits of all classes, and as many negative ones.

    Args:
        logits: (N, C, ...), C at least 2.
        labels: (N, ...); pixels with a label outside 0 .. C - 1 are left
            out.
        min_samples: Labelled pixels that are needed.
        max_samples: Labelled pixels that are drawn, with replacement; where
            the batch has no more pixels than that, each is taken once.

    Returns:
        Positive and negative logits, float32 (2, n), and those that count,
        bool (2, n).
    """
    num_classes = logits.shape[1]
    flat = logits.flatten(2) if logits.dim() > 2 else logits.unsqueeze(2)
    labels = narrow(labels.reshape(-1), num_classes)
    device = labels.device
    known = (labels >= 0) & (labels < num_classes)
    rank = known.cumsum(0)  # of each labelled pixel among those, from 1
    count = rank[-1] if len(rank) else rank.sum()
    if labels.numel() <= max_samples:
        index = torch.arange(labels.numel(), device=device)
    else:
        drawn = torch.rand(max_samples, device=device).mul_(count)
        index = torch.searchsorted(rank, drawn.long() + 1)
        index.clamp_(max=labels.numel() - 1)
    valid = known[index] & (count >= min_samples)
    label = labels[index].long().masked_fill_(~valid, 0)
    other = label + torch.randint(1, num_classes, label.shape, device=device)
    picked = _pick(flat, index).float()
    pair = torch.stack([label, other % num_classes], dim=1)
    return picked.gather(1, pair).T.contiguous(), valid.expand(2, -1)


def sample_one_class_anchor(
    logits: Tensor,
    labels: Tensor,
    anchor_class: int,
    min_samples: int = 100,
    max_samples: int | None = None,
) -> tuple[Tensor, Tensor]:
    """Draw the logits of one class: on its own pixels, and on all others.

    Args:
        logits: (N, C, ...).
        labels: (N, ...); pixels with a label outside 0 .. C - 1 are left
            out.
        anchor_class: The class c whose logit is drawn (Table 14).
        min_samples: Pixels that each of the two groups needs.
        max_samples: Cap of the samples of a group. Default: 1024.

    Returns:
        Logits c of pixels of class c, and of other pixels, float32 (2, n),
        and those that count, bool (2, n).
    """
    known = (labels >= 0) & (labels < logits.shape[1])
    group = (labels != anchor_class).long().masked_fill(~known, -1)
    own = logits[:, anchor_class : anchor_class + 1]
    pair = own.expand(-1, 2, *own.shape[2:])
    samples, valid = sample_class_logits(pair, group, min_samples, max_samples)
    return samples[:, 0], valid


def sample_batch(
    logits: Tensor,
    labels: Tensor,
    domain: str,
    anchor: str | int = 'source',
    min_samples: int = 100,
    max_samples: int | None = None,
) -> dict[str, tuple[Tensor, Tensor]]:
    """Draw what a batch gives to the bank of its domain, and to the anchors.

    What else is drawn in a run is the same with and without it.

    Args:
        logits: (N, C, ...).
        labels: (N, ...); pixels with a label outside 0 .. C - 1 are left
            out.
        domain: 'source' or 'target'.
        anchor, min_samples, max_samples: See
            :class:`.settings.StatisticsSettings`.

    Returns:
        For ``domain``, and for 'anchors' where the batch has some, samples
        and those that count.
    """
    limits = min_samples, max_samples
    devices = [logits.device] if logits.is_cuda else []
    with torch.random.fork_rng(devices):
        drawn = {domain: sample_class_logits(logits, labels, *limits)}
        if anchor == domain:
            drawn['anchors'] = sample_anchor_logits(
                logits, labels, min_samples
            )
        elif domain == 'source' and isinstance(anchor, int):
            drawn['anchors'] = sample_one_class_anchor(
                logits, labels, anchor, *limits
            )
    return drawn
