"""Images that a data set names: whether they are there, and unseen."""

import os.path as osp
from collections.abc import Sequence
from pathlib import Path

from mmengine.dataset import BaseDataset

from ...errors import UserFileNotFoundError, UserValueError
from ..files.folders import is_local, names_in
from ..files.image_suffixes import BYTE_ORDER_MARK, ImageSuffixes

SHOWN_FILES = 3


def check_image_files(dataset: BaseDataset, key: str) -> None:
    """Refuse a list of names (``ann_file``) of images that are not there.

    What a folder is listed for is there; a list may name anything.

    Args:
        dataset: Fully initialised data set.
        key: Its key, for messages.

    Raises:
        FileNotFoundError: Names the first images, their number, and what is
            odd about the list.
        ValueError: There is no image at all.
    """
    if not len(dataset):
        of = dataset.ann_file or dataset.data_prefix.get('img_path')
        raise UserValueError(f'{key}: there is no image in {of}')
    is_list = dataset.ann_file and not osp.isdir(dataset.ann_file)
    if not (is_list and is_local(dataset)):
        return
    listed: dict[str, set[str]] = {}
    missing = []
    for i in range(len(dataset)):
        path = dataset.get_data_info(i).get('img_path')
        if not isinstance(path, str):
            return  # of another kind of data set
        folder, name = osp.split(path)
        if folder not in listed:
            listed[folder] = names_in(folder)
        if name not in listed[folder]:
            missing.append(path)
    if missing:
        shown = ', '.join(repr(path) for path in missing[:SHOWN_FILES])
        more = ', ...' if len(missing) > SHOWN_FILES else ''
        raise UserFileNotFoundError(
            f'{key}.ann_file: {len(missing)} of the {len(dataset)} images '
            f'that {dataset.ann_file} names are not there: {shown}{more}'
            f'{_reason(dataset, missing)}'
        )


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


def _reason(dataset: BaseDataset, missing: list[str]) -> str:
    """What is odd about a list, and how it is mended."""
    try:
        text = Path(dataset.ann_file).read_text(encoding='utf-8')
    except (OSError, UnicodeDecodeError):
        return ''
    lines = text.removeprefix(BYTE_ORDER_MARK).splitlines()
    suffixes = dataset.img_suffix
    doubled = [
        line for line in map(str.strip, lines) if line.endswith(suffixes)
    ]
    blank = [i for i, line in enumerate(lines, 1) if not line.strip()]
    stock = not isinstance(dataset, ImageSuffixes)
    if stock and text.startswith(BYTE_ORDER_MARK):
        return (
            '. The list begins with a byte order mark, which is taken for '
            'part of the first name: save it as UTF-8 without one (sed -i '
            f"'1s/^\\xEF\\xBB\\xBF//' {dataset.ann_file})"
        )
    if stock and blank:
        return f'. Line {blank[0]} of the list is blank: remove it'
    if stock and doubled and suffixes:
        return (
            f'. Its names end with {suffixes!r} already, which img_suffix '
            "adds: set img_suffix='' and seg_map_suffix to match, or take "
            'the suffix out of the list'
        )
    if any(len(line.split()) > 1 for line in lines):
        return '. Its lines have several words, expected one name a line'
    return f'. data_prefix.img_path and img_suffix ({suffixes!r}) go with it'
