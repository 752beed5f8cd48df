"""Class statistics for mmengine's ``ClassBalancedDataset``."""

import numpy as np
from mmengine.dataset import BaseDataset, ClassBalancedDataset

from ...errors import UserValueError
from ..class_statistics.counting import count_classes_of_samples
from ..loading.leaves import leaf_datasets, sample_order
from ..loading.split_pipeline import SplitPipeline


def balance(
    dataset: ClassBalancedDataset, name: str, stats_dir: str | None
) -> None:
    """Initialise a wrapper that repeats the images of rare classes.

    It asks each sample for its classes, which MMSegmentation's data sets do
    not tell; those of the class statistics are told here.

    Args:
        dataset: The wrapper; what it wraps is fully initialised.
        name: Its key, for messages.
        stats_dir: Folder of the class statistics; by default the
            ``data_root`` of each data set.

    Raises:
        FileNotFoundError: There are no statistics; names the command that
            makes them.
        ValueError: They are those of another data set, or there are images
            without labels.
    """
    child = dataset.dataset
    own = getattr(type(child), 'get_cat_ids', BaseDataset.get_cat_ids)
    if own not in (
        BaseDataset.get_cat_ids,
        ClassBalancedDataset.get_cat_ids,
    ):
        return  # a data set that knows its classes
    parts = [SplitPipeline(leaf, name) for leaf in leaf_datasets(child, name)]
    if any(part.annotations is None for part in parts):
        raise UserValueError(
            f'{name}: ClassBalancedDataset repeats images by the classes of '
            'their labels, and the pipeline loads none: take RepeatDataset, '
            'or the data set itself'
        )
    # the key that named the folder, or else what needs it
    wanted_by = 'rare_class_sampling' if stats_dir else 'ClassBalancedDataset'
    counts = count_classes_of_samples(
        parts, sample_order(child), stats_dir, wanted_by
    )
    # for the time of its initialisation: it asks no more then
    child.get_cat_ids = lambda i: np.flatnonzero(counts[i]).tolist()
    try:
        dataset.full_init()
    finally:
        del child.get_cat_ids
