"""Balanced samples of logits, of fixed size (Alg. 1, App. D)."""

import torch
from torch import Tensor

from ... import host
from ...mixtures.inputs import LARGEST
from ...mixtures.samples import Samples
from .draws import (
    ANCHOR_SAMPLES,
    draw_class_pixels,
    draw_labelled_pixels,
    narrow,
)
from .fused import fused_labels, fused_samples, samples_fused
from .planes import gather_planes, has_planes


def sample_class_logits(
    logits: Tensor,
    labels: Tensor,
    min_samples: int = 100,
    max_samples: int | None = None,
    equal: bool = True,
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
        equal: Whether classes give equally many; or each all that it has,
            up to the cap.

    Returns:
        Samples of logit l over the pixels of class c, float32 (C, C, n),
        NaN where they are not finite or beyond 1e6, and those that count,
        bool (C, n).

    Example:
        >>> labels = torch.tensor([0] * 70 + [1] * 20 + [2] * 3)
        >>> logits = torch.randn(len(labels), 3)
        >>> _, valid = sample_class_logits(logits, labels, min_samples=10)
        >>> valid.sum(1)
        tensor([20, 20,  0])
    """
    num_classes = logits.shape[1]
    labels = narrow(labels.reshape(-1), num_classes)
    index, valid = draw_class_pixels(
        labels, num_classes, min_samples, max_samples, equal
    )
    return _gather(logits, index), valid


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
        Positive and negative logits, float32 (2, n), NaN where they are not
        finite or beyond 1e6, and those that count, bool (2, n).
    """
    num_classes = logits.shape[1]
    labels = narrow(labels.reshape(-1), num_classes)
    index, classes, valid = draw_labelled_pixels(
        labels, num_classes, min_samples, max_samples
    )
    flat = _flat(logits)
    pixels = flat.shape[-1]
    picked = flat[index // pixels, classes, index % pixels].float()
    return _counted(picked), valid.expand(2, -1)


def sample_one_class_anchor(
    logits: Tensor,
    labels: Tensor,
    anchor_class: int,
    min_samples: int = 100,
    max_samples: int | None = None,
    equal: bool = True,
) -> tuple[Tensor, Tensor]:
    """Draw the logits of one class: on its own pixels, and on all others.

    Args:
        logits: (N, C, ...).
        labels: (N, ...); pixels with a label outside 0 .. C - 1 are left
            out.
        anchor_class: The class c whose logit is drawn (Table 14).
        min_samples: Pixels that each of the two groups needs.
        max_samples: Cap of the samples of a group. Default: 1024.
        equal: See :func:`sample_class_logits`.

    Returns:
        Logits c of pixels of class c, and of other pixels, float32 (2, n),
        NaN where they are not finite or beyond 1e6, and those that count,
        bool (2, n).
    """
    known = (labels >= 0) & (labels < logits.shape[1])
    group = (labels != anchor_class).long().masked_fill(~known, -1)
    own = logits[:, anchor_class : anchor_class + 1]
    pair = own.expand(-1, 2, *own.shape[2:])
    samples, valid = sample_class_logits(
        pair, group, min_samples, max_samples, equal
    )
    return samples[:, 0], valid


def batch_labels(
    labels: Tensor,
    num_classes: int,
    weight: Tensor | None = None,
    target_mask: Tensor | None = None,
    ignore_index: int = 255,
    kernels: str = 'auto',
) -> Tensor:
    """Labels of the pixels of a batch that may be samples.

    Args:
        labels: (N, ...).
        num_classes: Number of classes C.
        weight: Pixels of weight 0 are no samples. Default: all may be.
        target_mask: Pixels that may be samples. Default: all.
        ignore_index: Label of pixels that are no samples.
        kernels: See :func:`...kernels.choice.runs_fused`.

    Returns:
        (N, ...), see :func:`.draws.narrow`; what is no sample is -1.
    """
    if samples_fused(labels, num_classes, kernels):
        return fused_labels(
            labels, num_classes, weight, target_mask, ignore_index
        )
    left_out = labels == ignore_index
    if weight is not None:
        left_out |= weight == 0
    if target_mask is not None:
        left_out |= ~target_mask.bool()
    small = narrow(labels, num_classes)
    left_out |= small == num_classes
    return small.masked_fill_(left_out, -1)


def sample_batch(
    logits: Tensor,
    labels: Tensor,
    domain: str,
    anchor: str | int = 'source',
    min_samples: int = 100,
    max_samples: int | None = None,
    kernels: str = 'auto',
    memory: Tensor | None = None,
    equal: bool = True,
) -> dict[str, Samples]:
    """Draw what a batch gives to the bank of its domain, and to the anchors.

    What else is drawn in a run is the same with and without it.

    Args:
        logits: (N, C, ...).
        labels: (N, ...), of :func:`batch_labels`.
        domain: 'source' or 'target'.
        anchor, min_samples, max_samples: See
            :class:`..settings.StatisticsSettings`.
        kernels: See :func:`...kernels.choice.runs_fused`.
        memory: What the samples for ``domain`` may take the place of.
        equal: See :func:`sample_class_logits`.

    Returns:
        Samples for ``domain``, and for 'anchors' where the batch has some.
    """
    limits = min_samples, max_samples, equal
    devices = [logits.device] if logits.is_cuda else []
    with torch.random.fork_rng(devices):
        if equal and samples_fused(logits, logits.shape[1], kernels):
            return fused_samples(logits, labels, domain, anchor, *limits[:2])
        drawn = {domain: _class_samples(logits, labels, *limits, memory)}
        if anchor == domain:
            drawn['anchors'] = _only_valid(
                *sample_anchor_logits(
                    logits, labels, min_samples, ANCHOR_SAMPLES
                )
            )
        elif domain == 'source' and isinstance(anchor, int):
            drawn['anchors'] = _only_valid(
                *sample_one_class_anchor(logits, labels, anchor, *limits)
            )
    return drawn


def _class_samples(
    logits: Tensor,
    labels: Tensor,
    min_samples: int,
    max_samples: int | None,
    equal: bool,
    memory: Tensor | None,
) -> Samples:
    """As :func:`sample_class_logits`, on the CPU of present classes alone."""
    if not host.on_host(logits):
        samples, valid = sample_class_logits(
            logits, labels, min_samples, max_samples, equal
        )
        return _only_valid(samples, valid.unsqueeze(1))
    index, valid = draw_class_pixels(
        labels.reshape(-1), logits.shape[1], min_samples, max_samples, equal
    )
    rows = valid.any(1).nonzero().squeeze(1)
    values = _gather(logits, index[rows], memory)
    if not equal:
        values.masked_fill_(~valid[rows].unsqueeze(1), torch.nan)
    return Samples(values, rows)


def _gather(
    logits: Tensor, index: Tensor, memory: Tensor | None = None
) -> Tensor:
    """All logits of some pixels: numbers (R, n) -> float32 (R, C, n)."""
    flat = _flat(logits)
    if host.on_host(flat) and has_planes(flat):
        return gather_planes(flat, index, memory)
    pixels = flat.shape[-1]
    picked = flat[index // pixels, :, index % pixels].float()
    return _counted(picked.transpose(1, 2).contiguous())


def _flat(logits: Tensor) -> Tensor:
    """Logits (N, C, ...) as (N, C, P), of no graph."""
    logits = logits.detach()
    return logits.flatten(2) if logits.dim() > 2 else logits.unsqueeze(2)


def _counted(samples: Tensor) -> Tensor:
    """NaN in place of what is infinite or beyond ``LARGEST``."""
    return samples.masked_fill_(samples.abs() >= LARGEST, torch.nan)


def _only_valid(samples: Tensor, valid: Tensor) -> Samples:
    return Samples(samples.masked_fill(~valid, torch.nan))
