"""Confusion matrix of a segmentation, and the scores that follow from it."""

import torch
from torch import Tensor

from ..errors import UserValueError


def confusion_matrix(
    prediction: Tensor,
    label: Tensor,
    num_classes: int,
    ignore_index: int = 255,
) -> Tensor:
    """Count the pixels of each pair of label and predicted class.

    Args:
        prediction: Predicted classes, any shape and integer dtype.
        label: Labelled classes, shape of ``prediction``.
        num_classes: Number of classes C.
        ignore_index: Label of pixels that do not count.

    Returns:
        Counts (C, C) in int64, rows are labels and columns are predictions.

    Raises:
        ValueError: The shapes differ, or a counted pixel has a label or a
            prediction outside [0, C).
    """
    if prediction.shape != label.shape:
        raise UserValueError(
            'Expected prediction and label to be of one size, but got '
            f'{tuple(prediction.shape)} and {tuple(label.shape)}'
        )
    counted = label != ignore_index
    predicted, labelled = prediction[counted].long(), label[counted].long()
    for name, values in (('label', labelled), ('prediction', predicted)):
        outside = values[(values < 0) | (values >= num_classes)]
        if outside.numel() > 0:
            raise UserValueError(
                f'Expected each {name} to be a class of 0 to '
                f'{num_classes - 1}, but got {outside.unique().tolist()}'
            )
    pairs = torch.bincount(
        labelled * num_classes + predicted, minlength=num_classes**2
    )
    return pairs.view(num_classes, num_classes)


def iou_and_acc(confusion: Tensor) -> tuple[Tensor, Tensor]:
    """Intersection over union, and accuracy (recall), of each class.

    Args:
        confusion: Pixel counts (C, C), rows are labels and columns are
            predictions.

    Returns:
        IoU (C,) and accuracy (C,) in float64, between 0 and 1. Accuracy is
        NaN without a labelled pixel; IoU is 0 then where the class is
        predicted, as in MMSegmentation, and NaN where it is not.
    """
    counts = confusion.to(torch.float64)
    correct, labelled = counts.diagonal(), counts.sum(dim=1)
    union = labelled + counts.sum(dim=0) - correct
    # 0 / 0 is NaN
    return correct / union, correct / labelled


def mean_and_std(values: Tensor) -> tuple[float, float]:
    """Mean and population standard deviation of what is not NaN.

    Args:
        values: One value a class (C,), at least one of them not NaN.

    Returns:
        Mean and standard deviation (ddof=0, as in the tables of the BLDA
        paper).
    """
    present = values[~values.isnan()]
    return float(present.mean()), float(present.std(correction=0))
