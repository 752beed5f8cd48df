"""Models that do not fit their data."""

import logging
from typing import Any

from mmengine.logging import print_log
from torch import nn
from torch.utils.data import DataLoader

from ..datasets.loading.class_label import labels_images as of_images
from ..datasets.loading.preparation import HOW_TO_LABEL
from ..datasets.pairs.uda_dataset import UDADataset
from ..errors import UserValueError
from .declarations import labels_images
from .things import things_of
from .wrapped_segmentor import unwrapped


def check_target(model: nn.Module, loader: DataLoader) -> None:
    """Refuse a model that learns from target images and has none.

    Or from labels of them that are not loaded. A note says where they are
    loaded for nothing.

    Args:
        model: The model, wrapped or not.
        loader: Training data loader; any data set but ``UDADataset`` passes.

    Raises:
        ValueError: Names the model and the keys.
    """
    dataset, model = loader.dataset, unwrapped(model)
    if not isinstance(dataset, UDADataset):
        return
    if dataset.target is not None:
        _check_target_labels(model, dataset)
    elif getattr(model, 'needs_target', False):
        raise UserValueError(
            f'{type(model).__name__} learns from target images, and '
            'train_dataloader.dataset.target is None: set it to the '
            "config of a data set, or model.type to 'SourceOnly', without "
            'labelled_target'
        )


def _check_target_labels(model: nn.Module, dataset: UDADataset) -> None:
    needed = getattr(model, 'needs_target_labels', False)
    parts = dataset.domains['target'].parts
    loaded = [part.annotations is not None for part in parts]
    if needed and not all(loaded):
        raise UserValueError(
            f'{type(model).__name__} with labelled_target learns from labels '
            f'of target images, and they are not loaded: {HOW_TO_LABEL}'
        )
    if any(loaded) and not needed and hasattr(model, 'needs_target'):
        first = parts[loaded.index(True)].annotations
        print_log(
            'train_dataloader.dataset.target loads labels, from which '
            f'{type(model).__name__} does not learn: set '
            'model.labelled_target={} for it to, or take '
            f'{type(first).__name__} out of its pipeline',
            'current',
            logging.WARNING,
        )


def check_crops(model: nn.Module, loader: DataLoader) -> None:
    """Refuse several sources whose crops do not go into one batch.

    Smaller ones pass, where the preprocessor brings them to its size.

    Args:
        model: The model, wrapped or not.
        loader: Training data loader; any data set but ``UDADataset`` passes.

    Raises:
        ValueError: Names the sources and their crops.
    """
    sources = getattr(loader.dataset, 'sources', None)
    batch_size = getattr(loader.batch_sampler, 'batch_size', 1)
    if sources is None or len(sources.domains) < 2 or batch_size == 1:
        return
    preprocessor = getattr(unwrapped(model), 'data_preprocessor', None)
    size = getattr(preprocessor, 'size', None)
    crops = {
        part.name: part.crop_size
        for domain in sources.domains
        for part in domain.parts
        if part.crop_size is not None
    }
    if size is None or len(set(crops.values())) < 2:
        return
    if any(h > size[0] or w > size[1] for h, w in crops.values()):
        shown = ', '.join(f'{name} {crop}' for name, crop in crops.items())
        raise UserValueError(
            'crops of several sources are of one batch, and the crop_size of '
            f'their pipelines differ (height, width: {shown}): give all of '
            f'them that of data_preprocessor.size, {tuple(size)}'
        )


def check_num_classes(
    model: nn.Module, dataset: Any, loader: str = 'train_dataloader'
) -> None:
    """Refuse a model with another number of classes than the data set.

    Args:
        model: The model, wrapped or not; its ``num_classes`` counts, else
            that of its ``decode_head`` (the last, if there are several).
        dataset: Data set; its ``metainfo`` has the classes.
        loader: Key of its loader, for the error.

    Raises:
        ValueError: Names both numbers and the keys.
    """
    model = unwrapped(model)
    key, owner = 'model.num_classes', model
    if not hasattr(model, 'num_classes'):
        key, owner = 'model.decode_head.num_classes', None
        owner = getattr(model, 'decode_head', None)
        if isinstance(owner, nn.ModuleList):
            key, owner = 'model.decode_head[-1].num_classes', owner[-1]
    found = getattr(owner, 'num_classes', None)
    classes = getattr(dataset, 'metainfo', {}).get('classes')
    if found is not None and classes and found != len(classes):
        raise UserValueError(
            f'{key} is {found}, but the {type(dataset).__name__} of '
            f'{loader} has {len(classes)} classes '
            f'({", ".join(classes)}): set num_classes of the decode '
            f'heads to {len(classes)}, or metainfo.classes of '
            f'{loader}.dataset to those of the model'
        )


def check_classifies(
    model: nn.Module, dataset: Any, loader: str = 'train_dataloader'
) -> None:
    """Refuse labels of images for a segmentor, and maps for a classifier.

    Args:
        model: The model, wrapped or not; one that predicts no labels passes.
        dataset: Data set.
        loader: Key of its loader, for the error.

    Raises:
        ValueError: Names both and the keys.
    """
    model = unwrapped(model)
    if not hasattr(model, 'decode_head'):
        return
    kind = type(dataset).__name__
    classifies, classified = labels_images(model), of_images(dataset)
    if classifies and not classified:
        raise UserValueError(
            f'model is a classifier of images, but {loader}.dataset is a '
            f'{kind}, whose labels are maps: choose a data set of classified '
            'images, ClassFolderDataset or ImageListDataset, or '
            "model.segmentor.type='EncoderDecoder'"
        )
    if classified and not classifies:
        raise UserValueError(
            f'model labels pixels, but {loader}.dataset is a {kind} with one '
            "label an image: set model.segmentor.type='ImageClassifier', or "
            'choose a data set with label maps'
        )


def check_things(
    model: nn.Module, dataset: Any, loader: str = 'train_dataloader'
) -> None:
    """Refuse a model with other things than the data set.

    Instances are counted from its first thing, so that these would be learnt
    under other names.

    Args:
        model: The model, wrapped or not; one that finds no instances passes.
        dataset: Data set; its ``metainfo`` has the classes and things, or
            no things, which passes.
        loader: Key of its loader, for the error.

    Raises:
        ValueError: Names both and the keys.
    """
    learnt = things_of(unwrapped(model))
    metainfo = getattr(dataset, 'metainfo', {})
    names = metainfo.get('thing_classes')
    if learnt is None or names is None:
        return
    classes = metainfo.get('classes') or ()
    things = tuple(i for i, name in enumerate(classes) if name in names)
    if learnt != things:
        raise UserValueError(
            f'things of the panoptic segmentor are {list(learnt)}, but those '
            f'of {loader}.dataset are {list(things)} '
            f'({", ".join(classes[i] for i in things)}): set things of the '
            'segmentor to these, or metainfo.thing_classes of the data set '
            'to those of the model'
        )


def check_class_order(train: Any, val: Any) -> None:
    """Refuse to evaluate the classes of a training in another order.

    Other names, as of a data set that calls its classes otherwise, pass.

    Args:
        train: Data set of the training; its ``metainfo`` has the classes.
        val: That of the evaluation.

    Raises:
        ValueError: The names are the same, the numbers are not.
    """
    learnt, measured = (
        list(getattr(dataset, 'metainfo', {}).get('classes') or ())
        for dataset in (train, val)
    )
    if learnt == measured or sorted(learnt) != sorted(measured):
        return
    i = next(i for i, n in enumerate(learnt) if n != measured[i])
    raise UserValueError(
        'val_dataloader has the classes of train_dataloader in another '
        f'order: class {i} is {measured[i]}, and {learnt[i]} in training. '
        'Set metainfo.classes of both to the same order'
    )
