"""Source and target of a training as whole images, one after the other."""

import copy
from collections.abc import Sequence
from typing import Any

from mmengine.config import Config
from torch import nn

from ..datasets import UDADataset
from ..datasets.branch import Branch
from ..datasets.checks import check_data_configs
from ..datasets.split_pipeline import is_label_loader
from .config_checks import type_name


def build_domains(cfg: Config) -> dict[str, Branch]:
    """Build the two data sets of a training with the test pipeline.

    Nothing is cropped, flipped or drawn at random. Images and labels are
    read as the data set's own pipeline reads them, and labels stay at their
    size. The source keeps its own ``Resize``, where it has one: its images
    may be larger than those of the test set.

    Args:
        cfg: Config of the training.

    Returns:
        'source', with labels, and 'target', without.

    Raises:
        FileNotFoundError: Folders or labels are missing.
        ValueError: The training has no source and target, there is no test
            pipeline, or the data sets are not right; see ``UDADataset``.
    """
    data = (cfg.get('train_dataloader') or {}).get('dataset') or {}
    missing = [key for key in ('source', 'target') if not data.get(key)]
    if missing:
        raise ValueError(
            f'train_dataloader.dataset ({type_name(data) or "not set"}) has '
            f'no {" and no ".join(missing)}: set train_dataloader.dataset='
            "dict(type='UDADataset', source=..., target=...), as "
            'configs/_base_/datasets/toy2toy.py does'
        )
    test = (cfg.get('test_dataloader') or {}).get('dataset') or {}
    pipeline = test.get('pipeline') or cfg.get('test_pipeline')
    if not pipeline:
        raise ValueError(
            'the config has no test_dataloader.dataset.pipeline and no '
            'test_pipeline, by which whole images are loaded: set one of them'
        )
    check_data_configs(Config(dict(train_dataloader=cfg.train_dataloader)))
    configs = {
        key: _with_pipeline(data[key], pipeline, is_source=key == 'source')
        for key in ('source', 'target')
    }
    pairs = UDADataset(**configs)
    return {key: Branch(getattr(pairs, key), key) for key in configs}


def check_trained_classes(
    source: Branch, model: nn.Module, checkpoint: str
) -> list[str]:
    """Refuse data of other classes than those that a model was trained on.

    Args:
        source: Of :func:`build_domains`, whose target has the same classes.
        model: Of ``build_predictor``.
        checkpoint: Its checkpoint, for the message.

    Returns:
        The classes.

    Raises:
        ValueError: Names both lists.
    """
    classes = list(source.parts[0].dataset.metainfo['classes'])
    trained = list(getattr(model, 'dataset_meta', {}).get('classes') or ())
    if trained and trained != classes:
        raise ValueError(
            f'{checkpoint} was trained on the classes {", ".join(trained)}, '
            f'train_dataloader.dataset.source has {", ".join(classes)}: give '
            'the config that the checkpoint was trained with'
        )
    return classes


def whole_image_pipeline(
    own: Sequence[dict], test: Sequence[dict], is_source: bool
) -> list[dict]:
    """Pipeline for whole images of a training set.

    Args:
        own: Configs of the transforms in its training.
        test: Configs of those in the test.
        is_source: Whether labels are loaded, and its own size is kept.

    Returns:
        The transforms of the test, with those that load and, for the
        source, ``Resize`` taken from the training.
    """
    images = [t for t in own if _kind(t) == 'image']
    resizes = [t for t in own if type_name(t) == 'Resize' and is_source]
    labels = [t for t in own if _kind(t) == 'label' and is_source]
    result = [t for t in test if _kind(t) != 'label']
    for place, transform in enumerate(result):
        if _kind(transform) == 'image' and images:
            result[place] = images[0]
    if resizes:
        result = [t for t in result if type_name(t) != 'Resize']
        loaded = [i for i, t in enumerate(result) if _kind(t) == 'image']
        result.insert(max(loaded, default=-1) + 1, resizes[0])
    # right before they are packed, so that no transform resizes them
    return copy.deepcopy([*result[:-1], *labels[:1], *result[-1:]])


def _with_pipeline(
    config: dict, test: Sequence[dict], is_source: bool
) -> dict[str, Any]:
    """Config of a data set, or of several, with the pipeline exchanged.

    Each image comes once, whatever a wrapper repeats in training.
    """
    if isinstance(config.get('dataset'), dict):
        return _with_pipeline(config['dataset'], test, is_source)
    config = copy.deepcopy(dict(config))
    if 'datasets' in config:
        config['datasets'] = [
            _with_pipeline(child, test, is_source)
            for child in config['datasets']
        ]
    else:
        config['pipeline'] = whole_image_pipeline(
            config.get('pipeline') or (), test, is_source
        )
    return config


def _kind(transform: dict) -> str:
    """'image' or 'label' for a transform that loads one, else ''."""
    name = type_name(transform)
    if is_label_loader(name):
        return 'label'
    return 'image' if name.startswith('Load') else ''
