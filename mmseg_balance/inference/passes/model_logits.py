"""Logits of a model on a labelled test set, as figures draw them."""

from collections.abc import Sequence
from typing import Any

from torch import Tensor, nn

from ...logits.bias import class_bias, mixture_bias
from ...logits.mixtures.gmm import GaussianMixtureBank
from ...logits.progress import Track, untracked
from ...logits.statistics.domain_statistics import load_domain_statistics
from ...logits.statistics.offline import fit_statistics
from ...logits.statistics.reservoir import LogitReservoir
from ...logits.statistics.settings import StatisticsSettings
from ...visualization.paper_figures.distributions.model_logits import (
    ModelLogits,
)
from .bias_pass import measure_bias


def measure_model_logits(
    model: nn.Module,
    dataset: Any,
    name: str,
    num_workers: int = 2,
    anchors: GaussianMixtureBank | None = None,
    track: Track = untracked,
    min_samples: int = StatisticsSettings.min_samples,
) -> ModelLogits:
    """Go over a test set once.

    Args:
        model: A segmentor.
        dataset: Its test set, with labels of C classes.
        name: Name of the model, shown to the reader.
        num_workers: Processes that load images.
        anchors: Anchors. Default: fitted to the same pixels, all classes
            together.
        track: Shows progress, see ``mmseg_balance.logits.progress``.
        min_samples: Labelled pixels (images of a classifier) that a class
            needs.

    Returns:
        Samples, mixtures, anchors, and the bias by Eq. 4.

    Raises:
        ValueError: No pixel has a label of a class, or too few have.
    """
    confusion, samples = measure_bias(model, dataset, num_workers)
    classes = dataset.metainfo['classes']
    return fit_model_logits(
        name, classes, confusion, samples, anchors, track, min_samples
    )


def fit_model_logits(
    name: str,
    classes: Sequence[str],
    confusion: Tensor,
    samples: LogitReservoir,
    anchors: GaussianMixtureBank | None = None,
    track: Track = untracked,
    min_samples: int = StatisticsSettings.min_samples,
) -> ModelLogits:
    """The same from what another pass has collected.

    Args:
        name: Name of the model.
        classes: Names of the C classes.
        confusion: Counts of pixels (C, C), rows are labels.
        samples: Logits of the pixels it counts.
        anchors: See :func:`measure_model_logits`.
        track: Shows progress.
        min_samples: See :func:`measure_model_logits`.
    """
    fitted = fit_statistics(samples, track=track, min_samples=min_samples)
    return ModelLogits(
        name=name,
        classes=tuple(classes),
        bias=class_bias(confusion).cpu(),
        bank=fitted.source,
        anchors=anchors or fitted.anchors,
        samples=samples,
    )


def read_model_logits(
    path: str,
    domain: str = 'target',
    num_classes: int | None = None,
    name: str | None = None,
    track: Track = untracked,
) -> ModelLogits:
    """Mixtures of a file, without samples.

    Args:
        path: File of ``logits fit``, or a checkpoint of a training with
            BLDALoss.
        domain: Whose mixtures, 'target' or 'source'.
        num_classes: Number of classes that is expected. Default: any.
        name: Name of the model. Default: the file.
        track: Shows progress.

    Returns:
        Mixtures and anchors, and the bias by Eq. 5. Classes without a name
        in the file have their number.

    Raises:
        OSError, ValueError: There is no such file, it has no mixtures, or
            none of the domain; says what fits them.
    """
    statistics, meta = load_domain_statistics(path, num_classes, domain)
    bank = getattr(statistics, domain)
    classes = meta.get('classes') or [
        str(c) for c in range(statistics.num_classes)
    ]
    return ModelLogits(
        name=name or path,
        classes=tuple(classes),
        bias=mixture_bias(bank, track).cpu(),
        bank=bank,
        anchors=statistics.anchors,
    )
