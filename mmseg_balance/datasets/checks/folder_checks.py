"""The folders of a data set: whether they are there, with fitting files."""

import os.path as osp

from mmseg.datasets import BaseSegDataset

from ...errors import UserFileNotFoundError
from ..files.folders import folder_problem, is_local, refuse_circles
from ..loading.preparation import preparation


def check_folders(
    dataset: BaseSegDataset, key: str, with_labels: bool
) -> None:
    """Refuse missing folders and folders without a fitting file.

    Data sets of a remote file backend are not checked.

    Args:
        dataset: Data set, built at least lazily.
        key: Its key, for messages.
        with_labels: Whether its labels are read as well.

    Raises:
        FileNotFoundError: Names the key, the folder and how it is made.
    """
    for place, problem in folder_problems(dataset, with_labels):
        raise UserFileNotFoundError(
            f'{key}.{place}: {problem}{preparation(dataset)}'
        )


def folder_problems(
    dataset: BaseSegDataset, with_labels: bool
) -> list[tuple[str, str]]:
    """Missing folders of a data set, and folders without a fitting file.

    Args:
        dataset: Data set, built at least lazily.
        with_labels: Whether its labels are read as well.

    Returns:
        Key within the data set and what is wrong, for each of them; none for
        a remote file backend.

    Raises:
        OSError: A link in the folder of images leads back to it.
    """
    if not is_local(dataset):
        return []
    refuse_circles(dataset.data_prefix.get('img_path') or '')
    problems = []
    if dataset.ann_file and not osp.exists(dataset.ann_file):
        problems.append(('ann_file', f'{dataset.ann_file} does not exist'))
    kinds = [('img_path', 'img_suffix', 'image')]
    if with_labels:
        kinds.append(('seg_map_path', 'seg_map_suffix', 'label'))
    for prefix, suffix_key, kind in kinds:
        folder = dataset.data_prefix.get(prefix) or ''
        suffix = getattr(dataset, suffix_key, '')
        problem = folder_problem(folder, suffix, kind, suffix_key)
        if problem:
            problems.append((f'data_prefix.{prefix}', problem))
    return problems
