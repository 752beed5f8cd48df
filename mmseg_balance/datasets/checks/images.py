"""Images that are in several data sets."""

import os.path as osp
from collections.abc import Sequence

from mmengine.dataset import BaseDataset


def shared_images(
    train: Sequence[BaseDataset], test: Sequence[BaseDataset]
) -> list[str]:
    """Images that are in the data sets of both lists.

    Args:
        train: Data sets with files of their own.
        test: Data sets with files of their own.

    Returns:
        Absolute paths, sorted; links are not followed.
    """
    return sorted(_paths(train) & _paths(test))


def _paths(datasets: Sequence[BaseDataset]) -> set[str]:
    return {
        osp.abspath(path)
        for dataset in datasets
        for i in range(len(dataset))
        if isinstance(path := dataset.get_data_info(i).get('img_path'), str)
    }
