"""Which value a class has in the label files of a data set."""

import inspect
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from mmengine.config import Config
from mmseg.datasets import CityscapesDataset
from mmseg.registry import DATASETS

from ...datasets.conversion.label_scheme import CITYSCAPES_TRAIN_IDS
from ...datasets.loading.leaves import keyed_leaves, leaf_configs
from ...datasets.loading.transform_kinds import is_label_loader
from ...errors import UserValueError
from ...files.config_walk import type_name
from ..evaluation_set import TEST_SET
from ..trained_model import lazy_test_set

IDS = ('dataset', 'class', 'cityscapes')


def label_ids(
    cfg: Config, classes: Sequence[str], ids: str = 'dataset'
) -> np.ndarray:
    """Value of each class in label files.

    Args:
        cfg: Config of an evaluation.
        classes: Names of the classes that are predicted.
        ids: 'class': its number from 0. 'dataset': what the label files of
            the test set have, one more where it has ``reduce_zero_label``,
            and the number in the data set's own list where ``metainfo``
            names some of its classes alone. 'cityscapes': the official label
            ids of Cityscapes (7 for road), by the names of the classes.

    Returns:
        int64 (C,).

    Raises:
        ValueError: ``ids`` is none of these, a class is none of Cityscapes,
            or the config does not say what the files of its data set have.
    """
    if ids == 'dataset':
        return _dataset_ids(cfg, len(classes))
    if ids == 'class':
        return np.arange(len(classes))
    if ids != 'cityscapes':
        raise UserValueError(
            f'Expected ids to be one of {IDS}, but got {ids!r}'
        )
    names = CityscapesDataset.METAINFO['classes']
    official = {names[t]: value for value, t in CITYSCAPES_TRAIN_IDS.items()}
    unknown = [name for name in classes if name not in official]
    if unknown:
        raise UserValueError(
            f'--ids cityscapes: {unknown[0]!r} is no class of Cityscapes '
            f'({", ".join(names)}): take --ids dataset or --ids class'
        )
    return np.array([official[name] for name in classes])


def _dataset_ids(cfg: Config, num_classes: int) -> np.ndarray:
    config = (cfg.get('test_dataloader') or {}).get('dataset')
    if not config:
        loads = cfg.get('test_pipeline') or []
        return np.arange(num_classes) + any(
            is_label_loader(step) and step.get('reduce_zero_label')
            for step in loads
        )
    dataset = lazy_test_set(cfg)
    if dataset is None:
        rules = [
            _rule_of_config(c, k) for k, c in leaf_configs(config, TEST_SET)
        ]
    else:
        rules = [_rule_of(leaf) for _, leaf in keyed_leaves(dataset, TEST_SET)]
    values = [_invert(*rule, num_classes) for rule in rules]
    if any((v != values[0]).any() for v in values):
        raise UserValueError(
            f'the data sets of {TEST_SET} have different values for one '
            'class in their label files (reduce_zero_label, '
            'metainfo.classes): take --ids class'
        )
    return values[0]


def stored_values(dataset: Any, num_classes: int) -> np.ndarray:
    """Value of each class in the label files of a data set that is built.

    Args:
        dataset: Data set of MMSegmentation, without others in it.
        num_classes: Number of classes C.

    Returns:
        int64 (C,).

    Raises:
        ValueError: No value stands for a class.
    """
    return _invert(*_rule_of(dataset), num_classes)


def _rule_of(dataset: Any) -> tuple[bool, Mapping | None]:
    """What loading does to labels."""
    return (
        bool(getattr(dataset, 'reduce_zero_label', False)),
        getattr(dataset, 'label_map', None),
    )


def _rule_of_config(config: dict, key: str) -> tuple[bool, Mapping | None]:
    """What loading does to labels, of a data set that cannot be built."""
    kind: Any = config['type']
    if isinstance(kind, str):
        kind = DATASETS.get(kind)
    settings = inspect.signature(kind.__init__).parameters
    reduces = config.get('reduce_zero_label')
    if reduces is None and 'reduce_zero_label' in settings:
        reduces = settings['reduce_zero_label'].default
    names = (config.get('metainfo') or {}).get('classes')
    if reduces is None or isinstance(names, str):
        raise UserValueError(
            f'{key}: {type_name(config)} cannot be built without its folders, '
            'so that the values of its label files are not known: name '
            'them with --data-root, or take --ids class'
        )
    return bool(reduces), kind.get_label_map(names)


def _invert(
    reduces: bool, label_map: Mapping[int, int] | None, num_classes: int
) -> np.ndarray:
    """Value in the file of each class that loading made of it."""
    values = np.arange(num_classes)
    if label_map:
        unnamed = sorted(set(range(num_classes)) - set(label_map.values()))
        if unnamed:
            raise UserValueError(
                'label_classes names no id of the label files for the '
                f'{"class" if len(unnamed) == 1 else "classes"} '
                f'{", ".join(map(str, unnamed))}, which could not be written '
                'so that they are read again: take label_classes out of the '
                'data set that labels are written for'
            )
    for old, new in (label_map or {}).items():
        if 0 <= new < num_classes:
            values[new] = old
    return values + reduces
