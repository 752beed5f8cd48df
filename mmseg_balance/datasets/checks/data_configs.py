"""The data sets of a config: built, and their folders checked."""

import copy

from mmengine.config import Config
from mmseg.datasets import BaseSegDataset
from mmseg.registry import DATASETS

from ...errors import UserFileNotFoundError
from ...files.config_walk import class_of
from ..loading.leaves import build_lazily, leaf_configs
from ..loading.own_keys import refuse_own_keys
from ..loading.preparation import WITHOUT_LABELS, preparation, target_labels
from ..loading.transform_kinds import is_label_loader
from .folder_checks import folder_problems

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
        ValueError: A data set cannot be built, or has a key that is for
            those of a ``UDADataset``.
    """
    problems: dict[str, list[str]] = {}
    remedies: dict[str, None] = {}
    first = cfg.get('first_stage')
    first = first.get('config') if isinstance(first, dict) else None
    for loader in _wanted_loaders(cfg):
        dataset = (cfg.get(loader) or {}).get('dataset')
        for key, config in leaf_configs(dataset, f'{loader}.dataset'):
            kind = class_of(config, DATASETS)
            if not (
                isinstance(kind, type) and issubclass(kind, BaseSegDataset)
            ):
                continue
            refuse_own_keys(config, key)
            with_labels = any(
                map(is_label_loader, config.get('pipeline') or ())
            )
            config = copy.deepcopy(config)
            config.update(lazy_init=True, pipeline=[])
            dataset = build_lazily(config, key)
            for place, problem in folder_problems(dataset, with_labels):
                problems.setdefault(problem, []).append(f'{key}.{place}')
                how = ''
                if 'seg_map' in place:
                    how = target_labels(dataset, key, first or 'CONFIG')
                remedies[how or preparation(dataset)] = None
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
