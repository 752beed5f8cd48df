"""A test set without its labels, or any folder of images in its place."""

import copy
from collections.abc import Sequence
from typing import Any

from mmengine.config import Config
from mmengine.registry import init_default_scope

from ...datasets.checks import check_data_configs, check_evaluation_set
from ...datasets.checks.folder_checks import check_folders
from ...datasets.loading.leaves import (
    build_lazily,
    leaf_configs,
    leaf_datasets,
)
from ...datasets.loading.transform_kinds import is_label_loader
from ...errors import UserValueError
from ..domain_data import folder_config
from ..evaluation_set import TEST_SET
from ..predictor.image_pipeline import test_steps


def loads_labels(cfg: Config) -> bool:
    """Whether the pipeline of the test set loads labels.

    Args:
        cfg: Config of a training or of an evaluation.
    """
    data = (cfg.get('test_dataloader') or {}).get('dataset')
    return any(
        is_label_loader(step)
        for _, leaf in leaf_configs(data, TEST_SET)
        for step in leaf.get('pipeline') or ()
    )


def build_unlabelled_set(
    cfg: Config, classes: Sequence[str], folder: str | None = None
) -> Any:
    """Build the data set of ``test_dataloader``, and load no label.

    Args:
        cfg: Config of a training or of an evaluation.
        classes: Names of the classes that are predicted.
        folder: Folder of images in place of the set's own.

    Returns:
        The data set, whose images go through the pipeline of the test.

    Raises:
        FileNotFoundError, NotADirectoryError: A folder or an image is
            missing.
        OSError: An image cannot be decoded.
        ValueError: There is no test set and no folder, or no image.
    """
    init_default_scope(cfg.get('default_scope', 'mmseg'))
    key = TEST_SET
    data = (cfg.get('test_dataloader') or {}).get('dataset')
    if folder is not None:
        key = '--target-images'
        data = folder_config(folder, dict(classes=list(classes)))
        data['pipeline'] = test_steps(cfg)
    elif not data:
        raise UserValueError(
            f'{cfg.filename} has no {TEST_SET}: name a folder of images with '
            '--target-images'
        )
    else:
        loader = copy.deepcopy(cfg.test_dataloader)
        data = loader.dataset
        for _, leaf in leaf_configs(data, TEST_SET):
            steps = leaf.get('pipeline') or ()
            leaf['pipeline'] = [t for t in steps if not is_label_loader(t)]
        check_data_configs(Config(dict(test_dataloader=loader)))
        data = data.to_dict()
    dataset = build_lazily(data, key)
    for leaf in leaf_datasets(dataset, key):
        check_folders(leaf, key, with_labels=False)
    check_evaluation_set(dataset, key, needs_classes=False)
    dataset.full_init()
    if not dataset.metainfo.get('classes'):
        raise UserValueError(
            f'neither the checkpoint nor {TEST_SET} names the classes: set '
            f'{TEST_SET}.metainfo.classes'
        )
    if not len(dataset):
        raise UserValueError(f'{key} has no image: look at its folder')
    return dataset
