"""Checks of data set folders, before anything is read from them.

Folders are scanned, never asked for one file at a time: tens of thousands of
files take a fraction of a second.
"""

import copy
import os
import os.path as osp
from collections.abc import Iterator
from typing import Any

import numpy as np
from mmengine.config import Config
from mmengine.dataset import BaseDataset
from mmseg.datasets import BaseSegDataset
from mmseg.registry import DATASETS

from .preparation import preparation
from .split_pipeline import SplitPipeline, is_label_loader

SHOWN_FILES = 3


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
    if not _is_local(dataset):
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
        problem = _folder_problem(folder, suffix, kind, suffix_key)
        if problem:
            raise FileNotFoundError(
                f'{key}.data_prefix.{prefix}: {problem}{preparation(dataset)}'
            )


def check_label_files(part: SplitPipeline, key: str) -> None:
    """Refuse images without a label.

    Args:
        part: Fully initialised data set that loads labels.
        key: Its key, for messages.

    Raises:
        FileNotFoundError: Names the first images, the labels expected for
            them and the number of such images.
    """
    dataset = part.dataset
    if not _is_local(dataset):
        return
    listed: dict[str, set[str]] = {}
    missing = []
    for i in range(len(dataset)):
        info = dataset.get_data_info(i)
        folder, name = osp.split(info['seg_map_path'])
        if folder not in listed:
            listed[folder] = _names_in(folder)
        if name not in listed[folder]:
            missing.append((info['img_path'], info['seg_map_path']))
    if missing:
        shown = '; '.join(
            f'{image} (expected {label})'
            for image, label in missing[:SHOWN_FILES]
        )
        more = '; ...' if len(missing) > SHOWN_FILES else ''
        raise FileNotFoundError(
            f'{key}: {len(missing)} of {len(dataset)} images have no label: '
            f'{shown}{more}{preparation(dataset)}'
        )


def check_label_values(part: SplitPipeline, num_files: int = 32) -> None:
    """Refuse label values outside the classes in a sample of the files.

    Args:
        part: Fully initialised data set that loads labels.
        num_files: Number of files, evenly spaced over the data set.

    Raises:
        OSError: A label cannot be decoded; names it.
        ValueError: Names the file, the values and the number of classes.
    """
    last = len(part) - 1
    picks = np.linspace(0, last, min(num_files, len(part))).round()
    for index in picks.astype(int).tolist():
        part.load_label(index)


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


def _with_lazy_init(config: dict) -> dict:
    config['lazy_init'] = True
    for child in config.get('datasets') or ():
        _with_lazy_init(child)
    return config


def _type_name(config: dict) -> str:
    kind = config.get('type', '')
    return getattr(kind, '__name__', str(kind)).split('.')[-1]


def _is_local(dataset: BaseDataset) -> bool:
    backend = (getattr(dataset, 'backend_args', None) or {}).get('backend')
    folder = dataset.data_prefix.get('img_path') or ''
    return backend in (None, 'local') and '://' not in folder


def _folder_problem(
    folder: str, suffix: str, kind: str, suffix_key: str
) -> str:
    if not folder:
        return f'no folder of the {kind}s is given'
    if not osp.isdir(folder):
        return f'the folder {folder} does not exist'
    other = None
    for name in _walk(folder):
        if name.endswith(suffix):
            return ''
        other = other or name
    if other is None:
        return f'the folder {folder} is empty'
    return (
        f'the folder {folder} has no {kind} that ends with {suffix!r} '
        f'({suffix_key}), but {other!r}'
    )


def _walk(folder: str) -> Iterator[str]:
    """Names of the files below a folder, hidden ones left out."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir():
                yield from _walk(entry.path)
            elif not entry.name.startswith('.'):
                yield entry.name


def _names_in(folder: str) -> set[str]:
    if not osp.isdir(folder):
        return set()
    with os.scandir(folder) as entries:
        return {entry.name for entry in entries}
