"""Checks of data sets, before the first iteration."""

import copy
import os.path as osp
from collections.abc import Iterator
from typing import Any

from mmengine.config import Config
from mmengine.dataset import ConcatDataset
from mmseg.datasets import BaseSegDataset
from mmseg.registry import DATASETS

from .folders import folder_problem, is_local
from .label_checks import check_label_files, check_label_values
from .preparation import preparation
from .split_pipeline import SplitPipeline, is_label_loader


def check_data_configs(cfg: Config) -> None:
    """Check the folders of all data sets of a config.

    Args:
        cfg: Whole config; looks at train_dataloader, val_dataloader and
            test_dataloader, where they are, and into wrapped data sets.

    Raises:
        FileNotFoundError: A folder is missing or empty; names its key and how
            it is made.
        ValueError: A data set cannot be built.
    """
    for loader in ('train_dataloader', 'val_dataloader', 'test_dataloader'):
        dataset = (cfg.get(loader) or {}).get('dataset')
        for key, config in _leaf_configs(dataset, f'{loader}.dataset'):
            kind = config.get('type')
            cls = DATASETS.get(kind) if isinstance(kind, str) else kind
            if not (isinstance(cls, type) and issubclass(cls, BaseSegDataset)):
                continue
            with_labels = any(
                is_label_loader(_type_name(transform))
                for transform in config.get('pipeline') or ()
            )
            config = copy.deepcopy(config)
            config.update(lazy_init=True, pipeline=[])
            check_folders(build_lazily(config, key), key, with_labels)


def build_lazily(config: dict, key: str) -> Any:
    """Build a data set without listing its files.

    Args:
        config: Its config; those in a ``datasets`` key are built lazily too.
        key: Its key, for messages.

    Returns:
        The data set; ``full_init`` is still to be called.

    Raises:
        ValueError: The data set refuses its folders without a reason.
    """
    config = _with_lazy_init(copy.deepcopy(config))
    try:
        return DATASETS.build(config)
    except AssertionError as error:
        # some data sets of mmseg assert that their folders exist
        raise ValueError(
            f'{key}: {_type_name(config)} cannot be built with data_root='
            f'{config.get("data_root")!r} and data_prefix='
            f'{config.get("data_prefix")!r}: '
            f'{error or "a folder or file of it is missing"}'
        ) from error


def check_folders(
    dataset: BaseSegDataset, key: str, with_labels: bool
) -> None:
    """Refuse missing folders and folders without a fitting file.

    Data sets of a remote file backend are not checked.

    Args:
        dataset: Data set, built at least lazily.
        key: Its key, for messages.
        with_labels: Whether its labels are read as well.

    Raises:
        FileNotFoundError: Names the key, the folder and how it is made.
    """
    if not is_local(dataset):
        return
    if dataset.ann_file and not osp.exists(dataset.ann_file):
        raise FileNotFoundError(
            f'{key}.ann_file: {dataset.ann_file} does not exist'
        )
    kinds = [('img_path', 'img_suffix', 'image')]
    if with_labels:
        kinds.append(('seg_map_path', 'seg_map_suffix', 'label'))
    for prefix, suffix_key, kind in kinds:
        folder = dataset.data_prefix.get(prefix) or ''
        suffix = getattr(dataset, suffix_key, '')
        problem = folder_problem(folder, suffix, kind, suffix_key)
        if problem:
            raise FileNotFoundError(
                f'{key}.data_prefix.{prefix}: {problem}{preparation(dataset)}'
            )


def check_evaluation_set(dataset: Any, key: str) -> None:
    """Check a data set for evaluation before training starts.

    Without this, what is wrong with its labels shows at the first
    evaluation, after hours of training.

    Args:
        dataset: Built data set, or a wrapper of such. Those that load no
            labels, or are not of MMSegmentation, are left alone.
        key: Its key, ``'val_dataloader.dataset'`` for example, for messages.

    Raises:
        FileNotFoundError: A folder is missing or empty, or an image has no
            label.
        OSError: A label cannot be decoded.
        ValueError: The data set names no classes, or a label has values
            outside them or another size than its image.
    """
    for leaf_key, leaf in _leaf_datasets(dataset, key):
        if not any(
            is_label_loader(type(t).__name__) for t in leaf.pipeline.transforms
        ):
            continue
        if not leaf.metainfo.get('classes'):
            raise ValueError(
                f'{leaf_key} ({type(leaf).__name__}) names no classes; set '
                f'{leaf_key}.metainfo.classes'
            )
        check_folders(leaf, leaf_key, with_labels=True)
        leaf.full_init()
        part = SplitPipeline(leaf, leaf_key)
        check_label_files(part, leaf_key)
        check_label_values(part)


def _leaf_configs(config: Any, key: str) -> Iterator[tuple[str, dict]]:
    """The configs of data sets with files of their own, with their keys."""
    if not isinstance(config, dict):
        return
    inner = [k for k in ('source', 'target', 'dataset') if k in config]
    for k in inner:
        yield from _leaf_configs(config[k], f'{key}.{k}')
    for i, child in enumerate(config.get('datasets') or ()):
        yield from _leaf_configs(child, f'{key}.datasets[{i}]')
    if not inner and 'datasets' not in config:
        yield key, config


def _leaf_datasets(
    dataset: Any, key: str
) -> Iterator[tuple[str, BaseSegDataset]]:
    """The data sets with files of their own, with their keys."""
    if isinstance(dataset, BaseSegDataset):
        yield key, dataset
        return
    if isinstance(dataset, ConcatDataset):
        for i, child in enumerate(dataset.datasets):
            yield from _leaf_datasets(child, f'{key}.datasets[{i}]')
    elif hasattr(dataset, 'dataset'):
        yield from _leaf_datasets(dataset.dataset, f'{key}.dataset')


def _with_lazy_init(config: dict) -> dict:
    config['lazy_init'] = True
    for child in config.get('datasets') or ():
        _with_lazy_init(child)
    return config


def _type_name(config: dict) -> str:
    # as in mmseg_balance.engine, from which data sets import nothing
    kind = config.get('type', '')
    return getattr(kind, '__name__', str(kind)).split('.')[-1]
