"""What data sets are made of: the walk over those that wrap others."""

import copy
from collections.abc import Iterator
from typing import Any

import numpy as np
from mmengine.dataset import (
    BaseDataset,
    ClassBalancedDataset,
    ConcatDataset,
    RepeatDataset,
)
from mmseg.registry import DATASETS

from ...errors import UserTypeError, UserValueError
from ...files.config_walk import type_name
from .own_keys import apply_own_keys, take_own_keys

# what mmseg says of metainfo.classes that the class of a data set has not
NO_SUBSET = 'is not a subset of classes'
WRAPPERS = (ConcatDataset, RepeatDataset, ClassBalancedDataset)


def keyed_configs(config: Any, key: str) -> Iterator[tuple[str, dict]]:
    """The config of a data set and of those that it wraps.

    Args:
        config: Config of a data set; anything else is left alone.
        key: Its key.

    Yields:
        Key and config of each, the outer ones first; a config may be changed
        in place.
    """
    if not isinstance(config, dict):
        return
    yield key, config
    for name in ('source', 'target', 'dataset', 'datasets'):
        child = config.get(name)
        if isinstance(child, list | tuple):
            for i, one in enumerate(child):
                yield from keyed_configs(one, f'{key}.{name}[{i}]')
        else:
            yield from keyed_configs(child, f'{key}.{name}')


def leaf_configs(config: Any, key: str) -> Iterator[tuple[str, dict]]:
    """The configs of data sets with files of their own, with their keys.

    Args:
        config: Config of a data set, or of one that wraps others.
        key: Its key.

    Yields:
        Key and config of each.
    """
    for place, part in keyed_configs(config, key):
        if not part.keys() & {'source', 'target', 'dataset', 'datasets'}:
            yield place, part


def build_lazily(config: dict, key: str) -> Any:
    """Build a data set without listing its files.

    Args:
        config: Its config; those that it wraps are built lazily too. It and
            they may have keys of this package, see :mod:`.own_keys`.
        key: Its key, for messages.

    Returns:
        The data set; ``full_init`` is still to be called.

    Raises:
        ValueError: The data set refuses its folders without a reason, or
            its classes, or a key of this package in its config is not right.
    """
    config = copy.deepcopy(config)
    for _, part in keyed_configs(config, key):
        part['lazy_init'] = True
    settings = [take_own_keys(leaf) for _, leaf in leaf_configs(config, key)]
    try:
        dataset = DATASETS.build(config)
    except AssertionError as error:
        # some data sets of mmseg assert that their folders exist
        raise UserValueError(
            f'{key}: {type_name(config)} cannot be built with data_root='
            f'{config.get("data_root")!r} and data_prefix='
            f'{config.get("data_prefix")!r}: '
            f'{str(error) or "a folder or file of it is missing"}'
        ) from error
    except ValueError as error:
        if NO_SUBSET not in str(error):
            raise
        raise UserValueError(
            f'{key}: {type_name(config)} has not all of the classes of '
            'metainfo.classes. Beside it, label_classes names the class of '
            f'each id in the label files (None: ignored). {error}'
        ) from error
    if any(settings):
        apply_own_keys(keyed_leaves(dataset, key), settings)
    return dataset


def keyed_datasets(dataset: Any, key: str) -> Iterator[tuple[str, Any]]:
    """A data set and those that it wraps.

    Args:
        dataset: Built data set, or anything around one that has it as its
            ``dataset``, or several as its ``datasets``.
        key: Its key.

    Yields:
        Key and data set of each, the outer ones first.
    """
    yield key, dataset
    for place, child in _inner(dataset):
        yield from keyed_datasets(child, f'{key}.{place}')


def keyed_leaves(dataset: Any, key: str) -> Iterator[tuple[str, Any]]:
    """The data sets that wrap no others, with their keys.

    Args:
        dataset: As in :func:`keyed_datasets`.
        key: Its key.

    Yields:
        Key and data set of each, in the order of their samples.
    """
    for place, part in keyed_datasets(dataset, key):
        if not _inner(part):
            yield place, part


def leaf_datasets(dataset: Any, name: str) -> list[BaseDataset]:
    """The data sets with files of their own, of which samples are drawn.

    Args:
        dataset: A data set, or such in a ``ConcatDataset``,
            ``RepeatDataset`` or ``ClassBalancedDataset``.
        name: Key of the data set, for the message.

    Returns:
        Them, in the order of their samples.

    Raises:
        TypeError: A data set of another kind; names it.
    """
    for _, part in keyed_datasets(dataset, name):
        if not isinstance(part, (BaseDataset, *WRAPPERS)):
            raise UserTypeError(
                f'{name} is a {type(part).__name__}, expected a data set of '
                'MMSegmentation (a subclass of BaseSegDataset), or a '
                'ConcatDataset, RepeatDataset or ClassBalancedDataset of such'
            )
    return [leaf for _, leaf in keyed_leaves(dataset, name)]


def sample_order(dataset: Any) -> np.ndarray:
    """Which file each sample of a data set is.

    Args:
        dataset: Fully initialised data set that :func:`leaf_datasets` takes.

    Returns:
        int64 (N,): for each of its N samples the position among the files of
        its leaves, one leaf after the other.
    """
    if isinstance(dataset, ConcatDataset):
        orders, begin = [], 0
        for child in dataset.datasets:
            orders.append(sample_order(child) + begin)
            begin += sum(map(len, leaf_datasets(child, '')))
        return np.concatenate(orders)
    if isinstance(dataset, RepeatDataset):
        return np.tile(sample_order(dataset.dataset), dataset.times)
    if isinstance(dataset, ClassBalancedDataset):
        repeats = np.asarray(dataset.repeat_indices, dtype=np.int64)
        return sample_order(dataset.dataset)[repeats]
    return np.arange(len(dataset))


def _inner(dataset: Any) -> list[tuple[str, Any]]:
    if isinstance(dataset, BaseDataset):
        return []
    if hasattr(dataset, 'datasets'):
        parts = enumerate(dataset.datasets)
        return [(f'datasets[{i}]', part) for i, part in parts]
    return (
        [('dataset', dataset.dataset)] if hasattr(dataset, 'dataset') else []
    )
