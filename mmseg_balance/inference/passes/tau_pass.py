"""Scores of post-hoc balancing for several scales tau, in one pass."""

from collections.abc import Sequence
from typing import Any

from mmengine.config import Config
from torch import nn

from ...errors import UserValueError
from ...evaluation.class_scores import MEASURES
from ...evaluation.tau_sweep import TauSweep
from ...evaluation.unsupervised.tau_criteria import TauCriteria
from ...logits.statistics.domain_statistics import (
    DOMAINS,
    load_domain_statistics,
)
from ...models.declarations import labels_images
from ...progress import track_iterable
from ..evaluation_set import headline_classes
from ..post_hoc import check_origin
from .labelled_logits import predict_views
from .views import views_of


def build_sweep(
    taus: Sequence[float],
    statistics: str,
    domain: str,
    model: nn.Module,
    dataset: Any,
    checkpoint: str,
) -> tuple[TauSweep, list[str]]:
    """What collects the predictions of a model for each tau.

    Args:
        taus: Scales of the offset, see ``check_taus``.
        statistics: File of ``logits fit``, or a checkpoint of a training
            with BLDALoss.
        domain: Whose distributions to take, ``'target'`` or ``'source'``.
        model: A segmentor.
        dataset: Its test set, or another of the same classes.
        checkpoint: File of its weights.

    Returns:
        The sweep; and lines on other weights or classes than these that the
        statistics are of.

    Raises:
        OSError, ValueError: The file is none of statistics, or has none of
            the domain.
    """
    classes = list(dataset.metainfo['classes'])
    found, meta = load_domain_statistics(statistics, len(classes), domain)
    part = getattr(model, 'predict_with', None)
    warnings = check_origin(meta, statistics, checkpoint, part, classes)
    found = found.to(next(model.parameters()).device)
    measures = ('Acc',) if labels_images(model) else MEASURES
    sweep = TauSweep(taus, found.table, DOMAINS[domain], measures)
    return sweep, list(warnings)


def sweep_scores(
    cfg: Config, model: nn.Module, dataset: Any, sweep: TauSweep
) -> list[dict]:
    """Go over the test set once.

    Args:
        cfg: Config of the model.
        model: A segmentor.
        dataset: Its test set.
        sweep: Of :func:`build_sweep`.

    Returns:
        The scores of each tau, see ``TauSweep.scores``.
    """
    sweep_images(cfg, model, dataset, sweep)
    return sweep.scores(dataset.metainfo['classes'], headline_classes(cfg))


def sweep_images(
    cfg: Config,
    model: nn.Module,
    dataset: Any,
    sweep: TauSweep,
    criteria: TauCriteria | None = None,
    with_labels: bool = True,
) -> None:
    """Go over a set once, and let the sweep count.

    Args:
        cfg: Config of the model.
        model: A segmentor.
        dataset: Its test set.
        sweep: Of :func:`build_sweep`.
        criteria: What is measured without labels, where it is.
        with_labels: Whether each image has to have one.

    Raises:
        ValueError: An image has no label.
    """
    loader = cfg.get('test_dataloader') or {}
    names = sorted(criteria.views) if criteria else []
    is_teacher = getattr(model, 'predict_with', None) == 'teacher'
    images = predict_views(
        [model, *views_of(model, names)],
        dataset,
        num_workers=loader.get('num_workers', 2),
    )
    images = track_iterable(images, 'sweep', len(dataset), 'images')
    for image, *others in images:
        if with_labels and image.labels is None:
            raise UserValueError(
                f'{image.sample.metainfo.get("img_path")} has no label, and '
                'others of the test set have: sweep without labels '
                '(--no-labels)'
            )
        labels = image.labels if with_labels else None
        predictions = sweep.add(image.logits, labels)
        if criteria is not None:
            views = dict(
                zip(names, (other.logits for other in others), strict=True)
            )
            criteria.add(
                image.index, image.logits, predictions, views, is_teacher
            )
