"""Offsets that the images of a set get, of one model or beside another."""

from typing import Any

from mmengine.config import Config
from torch import nn

from ...errors import UserValueError
from ...evaluation.offsets.effects import OffsetEffects
from ...evaluation.offsets.two_models import TwoModels
from ...logits.statistics.domain_statistics import GRID_SIZE
from ...logits.statistics.file import load_statistics
from ...progress import track_iterable
from ..offsets_in_training import take_clip
from ..post_hoc import check_origin
from ..predictor.image_pipeline import test_steps
from .labelled_logits import predict_views


def build_effects(
    statistics: str, model: nn.Module, dataset: Any, checkpoint: str
) -> tuple[OffsetEffects, list[str]]:
    """What collects the offsets of a model.

    Args:
        statistics: File of ``logits fit``, or a checkpoint of a training
            with BLDALoss.
        model: A segmentor.
        dataset: Its test set, or another of the same classes.
        checkpoint: File of its weights.

    Returns:
        The collector; and lines on other weights than these that the
        statistics are of.

    Raises:
        OSError, ValueError: The file is none of statistics, or of other
            classes; says what to do.
    """
    classes = list(dataset.metainfo['classes'])
    found, meta = load_statistics(statistics, len(classes))
    part = getattr(model, 'predict_with', None)
    warnings = check_origin(meta, statistics, checkpoint, part, classes)
    if found.grid_size is None:
        found.grid_size = GRID_SIZE
    take_clip(found, meta, statistics, model)
    found = found.to(next(model.parameters()).device)
    return OffsetEffects(found, len(classes)), list(warnings)


def other_pipeline(cfg: Config, other: Config) -> str | None:
    """Whether a model that is compared is given images of another kind.

    Args:
        cfg: Config of the test set, whose images both models are given.
        other: Config of the other model.

    Returns:
        A line for the user where the test of ``other`` loads images
        otherwise.
    """
    try:
        if test_steps(cfg) == test_steps(other):
            return None
    except UserValueError:  # one has no test
        return None
    return (
        f'the test pipeline of {other.filename} is another than that of '
        f'{cfg.filename}, by which both models get their images here: scores '
        'of the former are not those of its own test'
    )


def collect_offsets(
    model: nn.Module,
    dataset: Any,
    effects: OffsetEffects,
    other: nn.Module | None = None,
    with_labels: bool = True,
    num_workers: int = 2,
) -> TwoModels | None:
    """Go over a set once.

    Args:
        model: A segmentor.
        dataset: Its test set.
        effects: Of :func:`build_effects`.
        other: A model of the same classes to compare the predictions with.
        with_labels: Whether each image has to have a label.
        num_workers: Processes that load images.

    Returns:
        Counts beside the other model; None without one.

    Raises:
        ValueError: An image has no label, or no pixel has one of a class.
    """
    models = [model] if other is None else [model, other]
    compared = None if other is None else TwoModels(effects.num_classes)
    images = predict_views(models, dataset, num_workers=num_workers)
    for image, *others in track_iterable(
        images, 'predict', len(dataset), 'images'
    ):
        if with_labels and image.labels is None:
            raise UserValueError(
                f'{image.sample.metainfo.get("img_path")} has no label: go '
                'without labels (--no-labels)'
            )
        labels = image.labels if with_labels else None
        predicted = effects.add(image.logits, labels)
        for each in others:
            compared.add(predicted, each.logits.argmax(0), labels)
    if with_labels and not bool(effects.confusion.any()):
        raise UserValueError(
            'no pixel of the test set has a label of a class: go without '
            'labels (--no-labels)'
        )
    return compared
