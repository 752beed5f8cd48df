"""What a user should know of the data of a training before it starts."""

from collections.abc import Sequence
from typing import Any

from mmengine.dataset import BaseDataset
from torch.utils.data import DataLoader

from ...datasets import UDADataset
from ...datasets.checks.absent_classes import check_task, find_classes
from ...datasets.checks.images import shared_images
from ...datasets.loading.leaves import leaf_datasets
from ...datasets.loading.split_pipeline import SplitPipeline

SHOWN_FILES = 3


def data_notes(
    train: DataLoader, val: DataLoader | None, world_size: int = 1
) -> list[str]:
    """Lines on data sets that are right, but perhaps not meant so.

    Args:
        train: Loader of the training.
        val: Loader of the validation, where there is one.
        world_size: Number of ranks.

    Returns:
        A line for a target that is smaller than a batch, for classes without
        a labelled pixel, and for images that are both trained on and
        evaluated.

    Raises:
        ValueError: Labels of a single class.
    """
    dataset = train.dataset
    sets = {'train_dataloader.dataset': dataset}
    notes = []
    if isinstance(dataset, UDADataset):
        sets = dict(source=dataset.source, target=dataset.target)
        sampler = getattr(train, 'batch_sampler', None)
        batch = getattr(sampler, 'batch_size', train.batch_size) or 1
        notes += _small_target(dataset.target, batch * world_size)
    notes += absent_trained_classes(dataset)
    if val is None:
        return notes
    key = 'val_dataloader.dataset'
    notes += _absent_classes(key, _parts(val.dataset, key))
    evaluated = _leaves(val.dataset)
    for key, trained in sets.items():
        notes += _evaluated_too(key, _leaves(trained), evaluated)
    return notes


def absent_trained_classes(dataset: Any) -> list[str]:
    """Say which classes a training has no labelled pixel of.

    Args:
        dataset: Fully initialised data set of the training; the source of a
            ``UDADataset`` counts.

    Returns:
        A line, or none.

    Raises:
        ValueError: Labels of a single class.
    """
    if isinstance(dataset, UDADataset):
        # which know the labels that were read, and which may be bad
        return _absent_classes('source', dataset.domains['source'].parts, True)
    key = 'train_dataloader.dataset'
    return _absent_classes(key, _parts(dataset, key), True)


def _small_target(target: Any, batch_size: int) -> list[str]:
    if target is None or len(target) >= batch_size:
        return []
    return [
        f'the target has {len(target)} images, fewer than the {batch_size} '
        'of a batch (of all ranks): they are drawn with replacement, so that '
        'a batch has some of them several times'
    ]


def _absent_classes(
    key: str, parts: Sequence[SplitPipeline], is_trained: bool = False
) -> list[str]:
    parts = [
        part
        for part in parts
        if part.annotations is not None
        and part.dataset.metainfo.get('classes')
    ]
    if not parts:
        return []
    presence = find_classes(parts)
    if not presence.absent:
        return []
    if is_trained:
        check_task(presence, parts[0])
    what = 'they are not learnt' if is_trained else 'they are not measured'
    return [f'{key}: {presence}; {what}']


def _evaluated_too(
    key: str, trained: Sequence[BaseDataset], evaluated: Sequence[BaseDataset]
) -> list[str]:
    shared = shared_images(trained, evaluated)
    if not shared:
        return []
    more = ', ...' if len(shared) > SHOWN_FILES else ''
    without = ' (without their labels)' if key == 'target' else ''
    return [
        f'{len(shared)} images are in {key}{without} and in '
        f'val_dataloader.dataset as well ({", ".join(shared[:SHOWN_FILES])}'
        f'{more}): scores are not those of unseen images'
    ]


def _parts(dataset: Any, key: str) -> list[SplitPipeline]:
    return [SplitPipeline(leaf, key) for leaf in _leaves(dataset)]


def _leaves(dataset: Any) -> list[BaseDataset]:
    """Data sets with files; none of kinds that hide them."""
    try:
        return [] if dataset is None else leaf_datasets(dataset, '')
    except TypeError:
        return []
