"""The confusion matrix of a model on a labelled test set."""

from typing import Any

import torch
from torch import Tensor, nn

from ...errors import UserValueError
from ...evaluation import confusion_matrix
from ...progress import track_iterable
from ..evaluation_set import TEST_SET
from .labelled_logits import predict_logits


def measure_confusion(
    model: nn.Module, dataset: Any, num_workers: int = 2
) -> Tensor:
    """Go over a test set once.

    Args:
        model: A segmentor.
        dataset: Its test set, with labels of C classes.
        num_workers: Processes that load images.

    Returns:
        Counts of pixels (C, C), int64; rows are labels.

    Raises:
        ValueError: No pixel has a label of a class.
    """
    num_classes = len(dataset.metainfo['classes'])
    confusion = torch.zeros(num_classes, num_classes, dtype=torch.int64)
    images = predict_logits(model, dataset, num_workers=num_workers)
    images = track_iterable(images, 'predict', len(dataset), 'images')
    for image in images:
        confusion += confusion_matrix(
            image.logits.argmax(0), image.labels, num_classes
        ).cpu()
    if not bool(confusion.any()):
        raise UserValueError(f'no pixel of {TEST_SET} has a label of a class')
    return confusion
