"""Means of errors over the pixels that count."""

import torch
from torch import Tensor


def mean_over_weights(error: Tensor, weight: Tensor) -> Tensor:
    """Mean of an error over pixels by their weight.

    Each channel of a pixel counts for itself, in the sum of the weights as
    well.

    Args:
        error: Of each pixel and channel, (N, C, H, W).
        weight: Of each pixel, (N, 1, H, W).

    Returns:
        Scalar; 0 where no pixel has a weight.
    """
    total = weight.sum() * error.shape[1]
    return (error * weight).sum() / torch.where(total == 0, 1, total)


def below_limit(loss: Tensor, limit: float | None) -> Tensor:
    """A loss, or 0 without a gradient where it is above a limit.

    Args:
        loss: Scalar.
        limit: The limit; None: there is none.

    Returns:
        Scalar, without waiting for the device.
    """
    if limit is None:
        return loss
    return torch.where(loss > limit, 0, loss)
