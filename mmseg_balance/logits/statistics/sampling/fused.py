"""Samples of a batch by fused kernels; draws are those of ``draws``."""

import torch
from torch import Tensor

from ...kernels.choice import runs_fused, say_once
from ...kernels.sampling import (
    MAX_CLASSES,
    anchor_logits,
    class_logits,
    class_shares,
    sampled_labels,
)
from ...mixtures.inputs import LARGEST
from ...mixtures.samples import Samples
from .draws import (
    ANCHOR_SAMPLES,
    class_size,
    draw_shares,
    draw_shift,
    shuffle_by_class,
)


def samples_fused(tensor: Tensor, num_classes: int, kernels: str) -> bool:
    """Whether kernels sample; where there are too many classes a line says so.

    Args:
        tensor: Logits or labels.
        num_classes: Number of classes C.
        kernels: See :func:`...kernels.choice.runs_fused`.
    """
    if not runs_fused(tensor, kernels):
        return False
    if num_classes > MAX_CLASSES:
        say_once(
            f'Kernels sample at most {MAX_CLASSES} classes, not {num_classes}'
        )
        return False
    return True


def fused_labels(
    labels: Tensor,
    num_classes: int,
    weight: Tensor | None,
    target_mask: Tensor | None,
    ignore_index: int,
) -> Tensor:
    """See :func:`.batch.batch_labels`; int16 of the shape of labels."""
    # kernels read a number for each pixel, beyond the end of fewer
    weight, target_mask = (
        None if values is None else values.expand_as(labels)
        for values in (weight, target_mask)
    )
    found = sampled_labels(
        labels, weight, target_mask, num_classes, ignore_index
    )
    return found.view(labels.shape)


def fused_samples(
    logits: Tensor,
    labels: Tensor,
    domain: str,
    anchor: str | int,
    min_samples: int,
    max_samples: int | None,
) -> dict[str, Samples]:
    """See :func:`.batch.sample_batch`."""
    num_classes = logits.shape[1]
    if labels.dtype != torch.int16:
        labels = fused_labels(labels, num_classes, None, None, -1)
    labels = labels.reshape(-1)
    limits = min_samples, max_samples
    drawn = {
        domain: Samples(_of_classes(logits, labels, num_classes, *limits))
    }
    if anchor == domain:
        drawn['anchors'] = Samples(_of_all(logits, labels, min_samples))
    elif domain == 'source' and isinstance(anchor, int):
        group = sampled_labels(labels, None, None, num_classes, -1, anchor)
        own = logits[:, anchor : anchor + 1]
        samples = _of_classes(own, group, 2, *limits)
        drawn['anchors'] = Samples(samples.squeeze(1))
    return drawn


def _of_classes(
    logits: Tensor,
    labels: Tensor,
    num_classes: int,
    min_samples: int,
    max_samples: int | None,
) -> Tensor:
    """As ``sample_class_logits``, (classes, logits, n)."""
    drawn = shuffle_by_class(labels)
    size = class_size(labels.numel(), max_samples)
    shares = class_shares(drawn.labels, num_classes, min_samples, size)
    return class_logits(logits, drawn.order, drawn.rank, shares, size, LARGEST)


def _of_all(logits: Tensor, labels: Tensor, min_samples: int) -> Tensor:
    """As ``sample_anchor_logits``, (2, n)."""
    rank = (labels >= 0).cumsum(0, dtype=torch.int32)
    shares = draw_shares(labels, ANCHOR_SAMPLES)
    shift = draw_shift(labels if shares is None else shares, logits.shape[1])
    return anchor_logits(
        logits, labels, rank, shares, shift, min_samples, LARGEST
    )
