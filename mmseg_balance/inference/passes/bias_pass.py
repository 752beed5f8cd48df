"""A confusion matrix and logits of the same pixels, or of proposals."""

from typing import Any

import torch
from torch import Tensor, nn

from ...errors import UserValueError
from ...evaluation import confusion_matrix
from ...logits.mixtures.gmm import GaussianMixtureBank
from ...logits.statistics.file import load_statistics
from ...logits.statistics.reservoir import LogitReservoir
from ...logits.statistics.settings import StatisticsSettings
from ...progress import track_iterable
from ..evaluation_set import TEST_SET
from ..post_hoc import check_origin
from .instance_logits import instance_classifier, predict_proposals
from .labelled_logits import IGNORED, predict_logits

BACKGROUND = 'background'
# what anchors are fitted to, at least
MIN_SAMPLES = StatisticsSettings.min_samples


def measure_bias(
    model: nn.Module, dataset: Any, num_workers: int = 2
) -> tuple[Tensor, LogitReservoir]:
    """Go over a test set once.

    Args:
        model: A segmentor.
        dataset: Its test set, with labels of C classes.
        num_workers: Processes that load images.

    Returns:
        Confusion matrix (C, C), int64; and samples of the logits of the
        pixels that it counts.

    Raises:
        ValueError: No pixel has a label of a class.
    """
    num_classes = len(dataset.metainfo['classes'])
    reservoir = LogitReservoir(num_classes)
    confusion = torch.zeros(num_classes, num_classes, dtype=torch.int64)
    images = predict_logits(model, dataset, num_workers=num_workers)
    images = track_iterable(images, 'predict', len(dataset), 'images')
    for image in images:
        reservoir.add(image.logits, image.labels, image.index)
        confusion += confusion_matrix(
            image.logits.argmax(0), image.labels, num_classes
        ).cpu()
    if not bool(confusion.any()):
        raise UserValueError(f'no pixel of {TEST_SET} has a label of a class')
    return confusion, reservoir


def measure_instance_bias(
    model: nn.Module,
    dataset: Any,
    num_workers: int = 2,
    background: bool = True,
) -> tuple[Tensor, LogitReservoir, list[str]]:
    """The same of the proposals of a classifier of instances.

    Args:
        model: A segmentor with a ``MaskRCNNHead``.
        dataset: Its test set, with segments.
        num_workers: Processes that load images.
        background: Whether the background is a class, the last one. Else
            proposals that are background are left out, and its logit as
            well.

    Returns:
        Confusion matrix (C, C), int64; samples of the logits of the
        proposals that it counts; and names of the C classes.

    Raises:
        ValueError: The model has no such classifier, the data set no
            segments, or too few proposals are of a class.
    """
    names = dataset.metainfo['classes']
    classes = [names[label] for label in instance_classifier(model).things]
    if background:
        classes.append(BACKGROUND)
    num_classes = len(classes)
    reservoir = LogitReservoir(num_classes)
    confusion = torch.zeros(num_classes, num_classes, dtype=torch.int64)
    images = predict_proposals(model, dataset, num_workers=num_workers)
    for image in track_iterable(images, 'predict', len(dataset), 'images'):
        labels = image.labels
        if not background:
            labels = labels.masked_fill(labels == num_classes, IGNORED)
        # proposals are the pixels of an image of one column
        logits = image.logits[:, :num_classes].T.unsqueeze(-1)
        labels = labels.unsqueeze(-1)
        reservoir.add(logits, labels, image.index)
        confusion += confusion_matrix(
            logits.argmax(0), labels, num_classes
        ).cpu()
    counted = int(confusion.sum())
    if counted < MIN_SAMPLES:
        raise UserValueError(
            f'{counted} proposals in the images of {TEST_SET} are of '
            f'{", ".join(classes)}, and distributions of their logits take '
            f'{MIN_SAMPLES}: take more images, or look at the RPN of the '
            'checkpoint'
        )
    return confusion, reservoir, classes


def read_anchors(
    path: str, classes: list[str], checkpoint: str, part: str | None = None
) -> tuple[GaussianMixtureBank, str, list[str]]:
    """Anchors of a file.

    Args:
        path: File of ``logits fit``, or a checkpoint trained with BLDALoss.
        classes: Names of the classes.
        checkpoint: The checkpoint that is assessed.
        part: Segmentor of it that is.

    Returns:
        The anchors; what they are, in words; and lines on what they are not
        of: other weights, or other classes.

    Raises:
        ValueError: An anchor has no samples, or the file is no such one.
    """
    statistics, meta = load_statistics(path, len(classes))
    warnings = check_origin(meta, path, checkpoint, part, classes)
    if not bool((statistics.anchors.num_updates > 0).all()):
        raise UserValueError(
            f'--statistics {path} has an anchor without samples'
        )
    whose = statistics.anchor
    if isinstance(whose, int):
        whose = f'class {classes[whose]} on the source'
    origin = meta.get('checkpoint')
    of = f', which is of {origin}' if origin and origin != path else ''
    return statistics.anchors, f'{path} ({whose}){of}', list(warnings)
