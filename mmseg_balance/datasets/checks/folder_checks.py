"""Checks of data sets, before the first iteration."""

import copy
import os.path as osp
from collections.abc import Iterator
from typing import Any

from mmengine.config import Config
from mmengine.dataset import ConcatDataset
from mmseg.datasets import BaseSegDataset
from mmseg.registry import DATASETS

from ...errors import UserFileNotFoundError, UserValueError
from ..files.folders import folder_problem, is_local, refuse_circles
from ..loading.named_files import is_label_loader, name_files
from ..loading.preparation import WITHOUT_LABELS, preparation
from ..loading.split_pipeline import SplitPipeline
from .images import check_image_files
from .labels import (
    check_images_can_be_read,
    check_label_files,
    check_label_values,
)
from .left_out import say_left_out

ELSEWHERE = (
    '. Data that lies elsewhere: --data-root NAME=FOLDER, or the variable '
    'MMSEG_BALANCE_DATA=FOLDER in place of data/'
)


def check_data_configs(cfg: Config) -> None:
    """Check the folders of all data sets of a config.

    Args:
        cfg: Whole config; looks at train_dataloader, val_dataloader and
            test_dataloader, where they are, and into wrapped data sets. In
            a training without evaluation the test set is not needed.

    Raises:
        FileNotFoundError: Folders are missing or empty; names all of them by
            their keys, and how they are made.
        ValueError: A data set cannot be built.
    """
    problems: dict[str, list[str]] = {}
    remedies: dict[str, None] = {}
    for loader in _wanted_loaders(cfg):
        dataset = (cfg.get(loader) or {}).get('dataset')
        for key, config in leaf_configs(dataset, f'{loader}.dataset'):
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
            dataset = build_lazily(config, key)
            for place, problem in folder_problems(dataset, with_labels):
                problems.setdefault(problem, []).append(f'{key}.{place}')
                remedies[preparation(dataset)] = None
                if loader == 'val_dataloader' and 'seg_map' in place:
                    remedies[WITHOUT_LABELS] = None
    if problems:
        found = [
            f'{", ".join(keys)}: {problem}'
            for problem, keys in problems.items()
        ]
        raise UserFileNotFoundError(
            f'{"; ".join(found)}{"".join(remedies)}{ELSEWHERE}'
        )


def _wanted_loaders(cfg: Config) -> list[str]:
    wanted = [
        key for key in ('train_dataloader', 'val_dataloader') if key in cfg
    ]
    if not wanted or cfg.get('val_dataloader'):
        wanted.append('test_dataloader')
    return wanted


def build_lazily(config: dict, key: str) -> Any:
    """Build a data set without listing its files.

    Args:
        config: Its config; those that it wraps are built lazily too.
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
        raise UserValueError(
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
    for place, problem in folder_problems(dataset, with_labels):
        raise UserFileNotFoundError(
            f'{key}.{place}: {problem}{preparation(dataset)}'
        )


def folder_problems(
    dataset: BaseSegDataset, with_labels: bool
) -> list[tuple[str, str]]:
    """Missing folders of a data set, and folders without a fitting file.

    Args:
        dataset: Data set, built at least lazily.
        with_labels: Whether its labels are read as well.

    Returns:
        Key within the data set and what is wrong, for each of them; none for
        a remote file backend.

    Raises:
        OSError: A link in the folder of images leads back to it.
    """
    if not is_local(dataset):
        return []
    refuse_circles(dataset.data_prefix.get('img_path') or '')
    problems = []
    if dataset.ann_file and not osp.exists(dataset.ann_file):
        problems.append(('ann_file', f'{dataset.ann_file} does not exist'))
    kinds = [('img_path', 'img_suffix', 'image')]
    if with_labels:
        kinds.append(('seg_map_path', 'seg_map_suffix', 'label'))
    for prefix, suffix_key, kind in kinds:
        folder = dataset.data_prefix.get(prefix) or ''
        suffix = getattr(dataset, suffix_key, '')
        problem = folder_problem(folder, suffix, kind, suffix_key)
        if problem:
            problems.append((f'data_prefix.{prefix}', problem))
    return problems


def check_evaluation_set(
    dataset: Any, key: str, needs_classes: bool = True
) -> None:
    """Check a data set of evaluation, or of supervised training, at the start.

    Without this, what is wrong with its labels shows at the first
    evaluation, after hours of training.

    Args:
        dataset: Built data set, or a wrapper of such, whose errors name
            their files from then on. Of those that load no labels the images
            alone are checked; those that are not of MMSegmentation are left
            alone.
        key: Its key, ``'val_dataloader.dataset'`` for example, for messages.
        needs_classes: Whether it has to name its classes; without them
            labels cannot be checked.

    Raises:
        FileNotFoundError: A folder is missing or empty, or an image has no
            label.
        OSError: An image or a label cannot be decoded.
        ValueError: The data set names no classes, or a label has values
            outside them or another size than its image.
    """
    name_all_files(dataset, key)
    for leaf_key, leaf in _leaf_datasets(dataset, key):
        with_labels = any(
            is_label_loader(type(t).__name__) for t in leaf.pipeline.transforms
        )
        has_classes = bool(leaf.metainfo.get('classes'))
        if with_labels and needs_classes and not has_classes:
            raise UserValueError(
                f'{leaf_key} ({type(leaf).__name__}) names no classes; set '
                f'{leaf_key}.metainfo.classes'
            )
        if not (with_labels and has_classes):
            leaf.full_init()
            check_image_files(leaf, leaf_key)
            say_left_out(leaf, leaf_key, with_labels)
            check_images_can_be_read(leaf, leaf_key)
            continue
        check_folders(leaf, leaf_key, with_labels=True)
        leaf.full_init()
        check_image_files(leaf, leaf_key)
        say_left_out(leaf, leaf_key, with_labels=True)
        part = SplitPipeline(leaf, leaf_key)
        check_label_files(part, leaf_key)
        check_label_values(part)


def name_all_files(dataset: Any, key: str) -> None:
    """Let the errors of a data set name its files.

    Args:
        dataset: Built data set, or a wrapper of such; those that are not of
            MMSegmentation are left alone.
        key: Its key.
    """
    for leaf_key, leaf in _leaf_datasets(dataset, key):
        name_files(leaf, leaf_key)


def leaf_configs(config: Any, key: str) -> Iterator[tuple[str, dict]]:
    """The configs of data sets with files of their own, with their keys.

    Args:
        config: Config of a data set, or of one that wraps others.
        key: Its key.

    Yields:
        Key and config of each.
    """
    if not isinstance(config, dict):
        return
    inner = [k for k in ('source', 'target', 'dataset') if k in config]
    for k in inner:
        yield from leaf_configs(config[k], f'{key}.{k}')
    for i, child in enumerate(config.get('datasets') or ()):
        yield from leaf_configs(child, f'{key}.datasets[{i}]')
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
    children = list(config.get('datasets') or ())
    if isinstance(config.get('dataset'), dict):
        children.append(config['dataset'])
    for child in children:
        _with_lazy_init(child)
    return config


def _type_name(config: dict) -> str:
    # as in mmseg_balance.engine, from which data sets import nothing
    kind = config.get('type', '')
    return getattr(kind, '__name__', str(kind)).split('.')[-1]
