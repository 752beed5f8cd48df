"""The images that get pseudo-labels, and the names of these."""

import copy
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any

import numpy as np
from mmengine.config import Config
from mmengine.registry import init_default_scope

from ...datasets.checks.folder_checks import check_folders, check_image_files
from ...datasets.loading.leaves import (
    build_lazily,
    leaf_configs,
    leaf_datasets,
)
from ...datasets.sampling.few_shot import FewShot
from ...errors import UserValueError
from ..domain_data import folder_config
from ..predictor.label_ids import stored_values
from .thresholds import IGNORED

TARGET = 'train_dataloader.dataset.target'


@dataclass(frozen=True)
class TargetImage:
    """An image, and what its label file is called.

    Attributes:
        path: Of the image.
        name: Relative path of the label.
    """

    path: str
    name: PurePath


@dataclass(frozen=True)
class TargetSet:
    """All images of a target training set.

    Attributes:
        images: Each once, in their order.
        values: Value of each class in label files, (C,).
        dataset: The data set that has them.
    """

    images: Sequence[TargetImage]
    values: np.ndarray
    dataset: Any


def find_target(
    cfg: Config,
    out: Path,
    classes: Sequence[str],
    folder: str | Path | None = None,
    all_images: bool = False,
) -> TargetSet:
    """List the images, with labels as a training on them will look for them.

    The data set itself says how the label of an image is called, and in
    which values; so a second stage reads them with its own
    ``data_prefix.seg_map_path`` alone.

    Args:
        cfg: Config of a training.
        out: Folder of the labels.
        classes: Names of the classes that are predicted.
        folder: Folder of images, in place of the training's target.
        all_images: Whether images that ``few_shot`` leaves out get labels.

    Returns:
        The images.

    Raises:
        FileNotFoundError: Folders or images are missing.
        ValueError: The training has no target, or another one than the
            model's classes; or two images have one label.
    """
    init_default_scope(cfg.get('default_scope', 'mmseg'))
    data = (cfg.get('train_dataloader') or {}).get('dataset') or {}
    config = data.get('target')
    key = TARGET
    if folder is not None:
        key = '--images'
        config = folder_config(folder, dict(classes=classes), key)
        config |= dict(type='FolderDataset', seg_map_suffix='.png')
    if not config:
        raise UserValueError(
            f'{cfg.filename} has no {TARGET}, whose images get labels: name '
            'a folder of images with --images'
        )
    dataset = build_lazily(_without_pipeline(config), key)
    leaves = list({id(x): x for x in leaf_datasets(dataset, key)}.values())
    for leaf in leaves:
        check_folders(leaf, key, with_labels=False)
        # the rest of its prefixes may be defaults of its class
        leaf.data_prefix['seg_map_path'] = os.path.abspath(out)
        leaf.full_init()
        check_image_files(leaf, key)
    few_shot = FewShot.from_key(data.get('few_shot'))
    if few_shot is not None and folder is None and not all_images:
        few_shot.keep_in(dataset)
    images = [image for leaf in leaves for image in _images_of(leaf, out, key)]
    _check_names(images, key)
    return TargetSet(images, _values(leaves, classes, key), dataset)


def _without_pipeline(config: dict) -> dict:
    """Config of a data set, or of one that wraps others, for its files."""
    config = copy.deepcopy(dict(config))
    for _, leaf in leaf_configs(config, TARGET):
        leaf['pipeline'] = []
    return config


def _images_of(leaf: Any, out: Path, key: str) -> list[TargetImage]:
    folder = os.path.abspath(out)
    images = []
    for i in range(len(leaf)):
        info = leaf.get_data_info(i)
        label = info.get('seg_map_path')
        if not label:
            raise UserValueError(
                f'{key}: {type(leaf).__name__} does not say where the label '
                f'of {info.get("img_path")} is (seg_map_path): take a data '
                'set that reads labels, or name the folder of images with '
                '--images'
            )
        name = PurePath(os.path.relpath(label, folder))
        images.append(TargetImage(str(info['img_path']), name))
    return images


def _check_names(images: Sequence[TargetImage], key: str) -> None:
    seen: dict[PurePath, str] = {}
    for image in images:
        if image.name.suffix.lower() != '.png' or '..' in image.name.parts:
            raise UserValueError(
                f'{key}: the label of {image.path} would be {image.name}, '
                "and labels are written as PNG: set seg_map_suffix='.png'"
            )
        other = seen.setdefault(image.name, image.path)
        if other != image.path:
            raise UserValueError(
                f'{key}: {other} and {image.path} have one label file, '
                f'{image.name}: label them one after the other, each with '
                'a config of one of the two, in two folders'
            )


def _values(
    leaves: Sequence[Any], classes: Sequence[str], key: str
) -> np.ndarray:
    found = []
    for leaf in leaves:
        own = list(leaf.metainfo.get('classes') or classes)
        if own != list(classes):
            raise UserValueError(
                f'{key} has the classes {", ".join(own)}, and the checkpoint '
                f'those of {", ".join(classes)}: give the config that the '
                'checkpoint was trained with'
            )
        found.append(stored_values(leaf, len(classes)))
    if any((values != found[0]).any() for values in found):
        raise UserValueError(
            f'the data sets of {key} have different values for one class in '
            'their label files (reduce_zero_label, metainfo.classes): label '
            'them one after the other, in folders of their own'
        )
    if found[0].max() >= IGNORED or len(classes) > IGNORED:
        raise UserValueError(
            f'{key}: value {found[0].max()} of a class does not fit in label '
            f'files of 8 bits, in which {IGNORED} is ignored'
        )
    return found[0]
