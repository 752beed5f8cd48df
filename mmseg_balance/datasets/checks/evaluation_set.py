"""Checks of a data set that is not half of a pair, before the start."""

from typing import Any

from mmseg.datasets import BaseSegDataset

from ...errors import UserValueError
from ..loading.leaves import keyed_leaves
from ..loading.named_files import name_files
from ..loading.packing import check_packing
from ..loading.split_pipeline import SplitPipeline
from .folder_checks import check_folders, check_samples
from .image_labels import check_label_kind


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
    for leaf_key, leaf in _leaves(dataset, key):
        part = SplitPipeline(leaf, leaf_key)
        with_labels = part.annotations is not None
        has_classes = bool(leaf.metainfo.get('classes'))
        if with_labels and needs_classes and not has_classes:
            raise UserValueError(
                f'{leaf_key} ({type(leaf).__name__}) names no classes; set '
                f'{leaf_key}.metainfo.classes'
            )
        check_label_kind(part)
        if with_labels and has_classes:
            check_folders(leaf, leaf_key, with_labels=True)
        leaf.full_init()
        check_packing(leaf.pipeline.transforms, leaf_key)
        for transform in leaf.pipeline.transforms:
            # one may know what it needs of data set and pipeline
            if hasattr(transform, 'check_dataset'):
                transform.check_dataset(leaf, leaf_key)
        check_samples(part)


def name_all_files(dataset: Any, key: str) -> None:
    """Let the errors of a data set name its files.

    Args:
        dataset: Built data set, or a wrapper of such; those that are not of
            MMSegmentation are left alone.
        key: Its key.
    """
    for leaf_key, leaf in _leaves(dataset, key):
        name_files(leaf, leaf_key)


def _leaves(dataset: Any, key: str) -> list[tuple[str, BaseSegDataset]]:
    return [
        (place, leaf)
        for place, leaf in keyed_leaves(dataset, key)
        if isinstance(leaf, BaseSegDataset)
    ]
