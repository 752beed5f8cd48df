"""Gives losses the class statistics that they start from."""

import numpy as np
import torch
from mmengine.hooks import Hook
from mmseg.registry import HOOKS

from mmseg_balance.datasets import UDADataset
from mmseg_balance.datasets.domains.domain import Domain
from mmseg_balance.models.declarations import hooks_of, modules_with_hook
from mmseg_balance.models.wrapped_segmentor import unwrapped

from ...errors import UserValueError


@HOOKS.register_module()
class ClassStatisticsHook(Hook):
    """Reads class counts before training, and updates online ones.

    For the losses that name it in ``required_hooks``: those that are weighted
    or adjusted by how often classes occur (``CountedLoss``), and those by
    their own values (``LBWLoss``). Counts
    are those of the source set, from the files that
    mmseg-balance data class-stats wrote, and are compared with the
    labels.

    Args:
        stats_dir: Folder of the statistics. Default: that of
            ``rare_class_sampling``, or else the source's ``data_root``.

    Raises:
        FileNotFoundError: Before training: no statistics; names the command
            that makes them.
        ValueError: Before training: they are of another data set, a class
            has no pixel, or the model has no such loss.
    """

    priority = 'NORMAL'
    in_dry_run = True

    def __init__(self, stats_dir: str | None = None) -> None:
        self.stats_dir = stats_dir
        self._counts: tuple[np.ndarray, np.ndarray] | None = None

    def before_train(self, runner) -> None:
        """Find the losses, and fill in what they need.

        What a checkpoint of another training brought along is forgotten.
        """
        self.prepare(runner)
        if getattr(runner, '_load_from', None) and not runner._resume:
            for loss in self.losses:
                loss.forget_statistics()

    def prepare(self, runner) -> None:
        """What ``before_train`` does; earlier, it shows errors earlier.

        Args:
            runner: Runner with its training loop.
        """
        model = unwrapped(runner.model)
        self.losses = modules_with_hook(model, ClassStatisticsHook.__name__)
        if not self.losses:
            raise UserValueError(
                'ClassStatisticsHook found no loss with class statistics in '
                "the model: remove dict(type='ClassStatisticsHook') from "
                'custom_hooks'
            )
        for loss in self.losses:
            counts = getattr(loss, 'counts', None)
            if counts is None or counts.source != 'dataset':
                continue
            if self._counts is None:
                dataset = runner.train_dataloader.dataset
                self._counts = source_class_sums(dataset, self.stats_dir)
            counts.fill(*map(torch.from_numpy, self._counts))
            loss.check_counts()

    def after_train_iter(
        self, runner, batch_idx, data_batch=None, outputs=None
    ) -> None:
        """Take over what the iteration showed."""
        for loss in self.losses:
            loss.update_statistics()


def needs_class_statistics(config: dict) -> bool:
    """Whether a config is of a loss that the hook serves.

    Args:
        config: Any dict in the config of a model.
    """
    return ClassStatisticsHook.__name__ in hooks_of(config)


def source_class_counts(dataset, stats_dir: str | None = None) -> np.ndarray:
    """Pixels of each class in the label of each sample of a training set.

    Args:
        dataset: A ``UDADataset``, or a labelled data set by itself.
        stats_dir: Folder of the statistics.

    Returns:
        int64 (N, C).

    Raises:
        FileNotFoundError, ValueError: See ``Domain.class_pixels``.
    """
    domain = _source_of(dataset)
    return domain.class_pixels('ClassStatisticsHook', stats_dir)


def source_class_sums(
    dataset, stats_dir: str | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Pixels and images of each class in a training set, as it is drawn.

    Args:
        dataset: As in :func:`source_class_counts`. Samples of sources with
            weights count as often as they are drawn, 1 on average.
        stats_dir: Folder of the statistics.

    Returns:
        Pixels of each class and images with each class, both (C,).

    Raises:
        FileNotFoundError, ValueError: As there; or sources take turns.
    """
    weights = _source_of(dataset).sample_weights()
    counts = source_class_counts(dataset, stats_dir)
    if weights is None:
        return counts.sum(0), (counts > 0).sum(0)
    return weights @ counts, weights @ (counts > 0)


def _source_of(dataset) -> Domain:
    if isinstance(dataset, UDADataset):
        # which knows the files that are left out
        return dataset.domains['source']
    return Domain(dataset, 'source')
