"""Source and target of a training as whole images, one after the other."""

import copy
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from mmengine.config import Config
from torch import nn

from ..datasets import UDADataset
from ..datasets.checks import build_lazily, check_data_configs
from ..datasets.domains.domain import Domain
from ..datasets.loading.transform_kinds import (
    is_crop,
    is_flip,
    is_label_loader,
    is_loader,
)
from ..datasets.pairs.sources import as_list
from ..errors import UserNotADirectoryError, UserValueError
from ..files.config_walk import dicts_in, type_name

# a tuple, as str.endswith takes it
IMAGE_SUFFIXES = tuple(
    case(suffix)
    for suffix in ('.png', '.jpg', '.jpeg', '.bmp', '.tif', '.tiff', '.webp')
    for case in (str.lower, str.upper)
)


def build_domains(
    cfg: Config, target_images: str | Path | None = None
) -> dict[str, Domain]:
    """Build the data sets of a training with the test pipeline.

    Nothing is cropped, flipped or drawn at random, and nothing repeated.
    Images and labels are read as the data set's own pipeline reads them, and
    labels stay at their size. The source keeps its own ``Resize``, where it
    has one: its images may be larger than those of the test set. Or else
    ``source_test_pipeline`` of the config says how the source is loaded.

    Args:
        cfg: Config of the training. Where it has no source, its labelled
            data is the source, so that any supervised training will do.
        target_images: Folder of target images, in place of the training's
            target, or for a training without one.

    Returns:
        'source', with labels, and, where there is one, 'target', without.

    Raises:
        FileNotFoundError: Folders or labels are missing.
        ValueError: The training has no data, there is no test pipeline,
            ``source_test_pipeline`` loads no labels, crops or flips, or the
            data sets are not right; see ``UDADataset``.
    """
    data = (cfg.get('train_dataloader') or {}).get('dataset') or {}
    source = data.get('source') if 'source' in data else data
    if not source:
        raise UserValueError(
            'the config has no train_dataloader.dataset with labels, by '
            'which logits are told apart: set it to the data set that the '
            'model was trained with'
        )
    test = (cfg.get('test_dataloader') or {}).get('dataset') or {}
    pipeline = test.get('pipeline') or cfg.get('test_pipeline')
    if not pipeline:
        raise UserValueError(
            'the config has no test_dataloader.dataset.pipeline and no '
            'test_pipeline, by which whole images are loaded: set one of them'
        )
    used = {
        k: v for k, v in data.items() if k != 'target' or target_images is None
    }
    check_data_configs(Config(dict(train_dataloader=dict(dataset=used))))
    given = cfg.get('source_test_pipeline')
    if given:
        _check_source_pipeline(given)
    sources = [
        build_lazily(
            _with_pipeline(
                config,
                lambda own: given or whole_image_pipeline(own, pipeline),
            ),
            'source',
        )
        for config in as_list(source)
    ]
    target = data.get('target') if 'source' in data else None
    if target_images is not None:
        target = folder_config(target_images, sources[0].metainfo)
    if target is not None:
        target = build_lazily(
            _with_pipeline(
                target,
                lambda own: whole_image_pipeline(own, pipeline, False),
            ),
            'target',
        )
    weights = None
    if len(sources) > 1:
        weights = {k: data.get(k) for k in ('source_weights', 'progressive')}
    # an image that the training may not see is not fitted either
    few_shot = None if target_images is not None else data.get('few_shot')
    return UDADataset(
        sources, target, few_shot=few_shot, **(weights or {})
    ).domains


def folder_config(
    folder: str | Path, metainfo: dict, option: str = '--target-images'
) -> dict[str, Any]:
    """Config of a data set of all images in a folder, without labels.

    Args:
        folder: The folder; images may lie in sub-folders.
        metainfo: Of a data set with the same classes.
        option: What names the folder, for the error.

    Returns:
        The config.

    Raises:
        NotADirectoryError: There is no such folder.
    """
    if not Path(folder).is_dir():
        raise UserNotADirectoryError(f'{option} {folder} is no folder')
    return dict(
        type='BaseSegDataset',
        data_prefix=dict(img_path=str(folder)),
        img_suffix=IMAGE_SUFFIXES,
        metainfo={
            key: metainfo[key]
            for key in ('classes', 'palette')
            if metainfo.get(key)
        },
    )


def check_trained_classes(
    source: Domain, model: nn.Module, checkpoint: str
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
        raise UserValueError(
            f'{checkpoint} was trained on the classes {", ".join(trained)}, '
            f'the labelled data of train_dataloader has {", ".join(classes)}: '
            'give the config that the checkpoint was trained with'
        )
    return classes


def whole_image_pipeline(
    own: Sequence[dict], test: Sequence[dict], is_source: bool = True
) -> list[dict]:
    """Pipeline for whole images of a training set that is given none.

    Args:
        own: Configs of the transforms in its training.
        test: Configs of those in the test.
        is_source: Whether labels are loaded, and its own size is kept.

    Returns:
        The transforms of the test, with those that load and, for the
        source, ``Resize`` taken from the training.
    """
    images = [t for t in own if _loads_image(t)]
    result = [t for t in test if not is_label_loader(t)]
    if images:
        result = [images[0] if _loads_image(t) else t for t in result]
    if is_source:
        labels = [t for t in own if is_label_loader(t)]
        resizes = [t for t in own if type_name(t) == 'Resize']
        if resizes:
            result = [t for t in result if type_name(t) != 'Resize']
            loaded = [i for i, t in enumerate(result) if _loads_image(t)]
            result.insert(max(loaded, default=-1) + 1, resizes[0])
        # right before they are packed, so that no transform resizes them
        result = [*result[:-1], *labels[:1], *result[-1:]]
    return copy.deepcopy(result)


def _check_source_pipeline(pipeline: Sequence[dict]) -> None:
    """Refuse a ``source_test_pipeline`` that logits could not be told by."""
    if not isinstance(pipeline, (list, tuple)):
        raise UserValueError(
            'source_test_pipeline: expected a list of transforms, found '
            f'{pipeline!r}'
        )
    names = ', '.join(map(type_name, pipeline))
    if not any(map(is_label_loader, pipeline)):
        raise UserValueError(
            f'source_test_pipeline ({names}) loads no labels, by which logits '
            "are told apart: put dict(type='LoadAnnotations') in front of the "
            'transform that packs'
        )
    if any(map(is_crop, dicts_in(pipeline))):
        raise UserValueError(
            f'source_test_pipeline ({names}) crops, and is for whole images: '
            'take the crop out'
        )
    if any(map(is_flip, dicts_in(pipeline))):
        raise UserValueError(
            f'source_test_pipeline ({names}) flips, and logits are turned '
            'back where labels are not: take the flip out'
        )


def _with_pipeline(
    config: dict, make: Callable[[Sequence[dict]], Sequence[dict]]
) -> dict[str, Any]:
    """Config of a data set, or of several, with the pipeline exchanged.

    Each image comes once, whatever a wrapper repeats in training.
    """
    if isinstance(config.get('dataset'), dict):
        return _with_pipeline(config['dataset'], make)
    config = copy.deepcopy(dict(config))
    if 'datasets' in config:
        config['datasets'] = [
            _with_pipeline(child, make) for child in config['datasets']
        ]
    else:
        config['pipeline'] = make(config.get('pipeline') or ())
    return config


def _loads_image(transform: dict) -> bool:
    return is_loader(transform) and not is_label_loader(transform)
