"""Prediction bias of a network towards each class (Eq. 4)."""

import torch
from torch import Tensor

from ...errors import UserValueError


def class_bias(confusion: Tensor) -> Tensor:
    r"""Bias towards each class, from a confusion matrix.

    Definition 2 (Eq. 4) of "Balanced Learning for Domain Adaptive Semantic
    Segmentation" (ICML 2025):

    .. math:: Bias(l) = \frac{1}{C} \sum_c P(\hat{y} = l | y = c)
        - \frac{1}{C}

    Each row counts the same however many pixels its class has. A positive
    bias means over-prediction, a negative one under-prediction.

    Classes without a labelled pixel have no ``P(. | y = c)``: they are left
    out of the mean, C is the number of classes that occur, and their own
    entry is NaN. Over the classes that occur the bias sums to 0, less the
    mean probability of predicting a class that does not occur.

    Args:
        confusion: Pixel counts (C, C), rows are labels and columns are
            predictions. Any dtype.

    Returns:
        Bias (C,) in float64, each between -1/C and 1 - 1/C; NaN for classes
        that do not occur.

    Raises:
        ValueError: ``confusion`` is not square, or has a negative or
            non-finite count.

    Example:
        >>> class_bias(torch.tensor([[8, 2], [3, 1]]))
        tensor([ 0.2750, -0.2750], dtype=torch.float64)
    """
    if confusion.dim() != 2 or confusion.shape[0] != confusion.shape[1]:
        raise UserValueError(
            'Expected argument `confusion` to be of shape (C, C)'
            f', but got {tuple(confusion.shape)}'
        )
    counts = confusion.to(torch.float64)
    if not bool((counts.isfinite() & (counts >= 0)).all()):
        raise UserValueError(
            'Expected argument `confusion` to hold pixel counts '
            f'of at least 0, but got {confusion.tolist()}'
        )

    pixels = counts.sum(dim=1)
    occurs = pixels > 0
    probability = counts[occurs] / pixels[occurs, None]
    bias = probability.mean(dim=0) - 1 / max(int(occurs.sum()), 1)
    return bias.masked_fill(~occurs, torch.nan)
