"""How often each class is among labels, and how sure they are."""

import torch
from torch import Tensor


def class_shares(labels: Tensor, num_classes: int) -> Tensor:
    """Share of each class among labelled pixels.

    Args:
        labels: Classes, of an integer dtype, any shape; what is no class
            does not count.
        num_classes: Number of classes C.

    Returns:
        Shares, float64 (C,); 0 everywhere where no pixel is labelled.
    """
    counts = _sums(labels, num_classes)
    return counts / counts.sum().clamp(min=1)


def class_means(values: Tensor, labels: Tensor, num_classes: int) -> Tensor:
    """Mean of a value over the pixels of each class.

    Args:
        values: Of each pixel; NaN does not count.
        labels, num_classes: As in :func:`class_shares`.

    Returns:
        Means, float64 (C,); NaN for classes without a pixel.
    """
    labels = labels.masked_fill(values.isnan(), -1)
    total = _sums(labels, num_classes, values.double().nan_to_num(0.0))
    return total / _sums(labels, num_classes)


def _sums(
    labels: Tensor, num_classes: int, values: Tensor | None = None
) -> Tensor:
    labels = labels.flatten().long()
    known = (labels >= 0) & (labels < num_classes)
    weights = known.double()
    if values is not None:
        weights = weights * values.flatten()
    return torch.bincount(
        torch.where(known, labels, 0), weights, minlength=num_classes
    )
