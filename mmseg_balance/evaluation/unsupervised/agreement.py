"""How far two predictions of the same images agree."""

import torch
from torch import Tensor

from ..confusion import iou_and_acc


def agreement(counts: Tensor) -> float:
    """Share of pixels that two predictions give one class.

    Args:
        counts: Pixels by the class of the first and of the second, (C, C).

    Returns:
        Percent; NaN without a pixel.
    """
    counts = counts.double()
    return float(100 * counts.diagonal().sum() / counts.sum())


def agreement_iou(counts: Tensor) -> float:
    """Mean IoU of two predictions, each class counting the same.

    Args:
        counts: As above.

    Returns:
        Percent, over the classes that either predicts; NaN without a pixel.
    """
    return float(100 * iou_and_acc(counts)[0].nanmean())


def share_distance(first: Tensor, second: Tensor) -> float:
    """Total variation distance of the shares of classes.

    Args:
        first, second: Pixels of each class, (C,).

    Returns:
        Half the sum of the absolute differences, in points: the share of
        pixels that would have to change their class, from 0 to 100.
    """
    shares = [counts.double() / counts.sum() for counts in (first, second)]
    return float(50 * torch.sub(*shares).abs().sum())
