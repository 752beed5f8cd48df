"""What lies in the folders of a data set.

Folders are scanned, never asked for one file at a time: tens of thousands of
files take a fraction of a second.
"""

import os
import os.path as osp
from collections.abc import Iterator

from mmengine.dataset import BaseDataset

from ...errors import UserOSError
from ...files.walking import leads_back, walk_folder


def is_local(dataset: BaseDataset) -> bool:
    """Whether the files of a data set are read from the file system.

    Args:
        dataset: Data set, built at least lazily.

    Returns:
        False for remote file backends and for folders that are URLs.
    """
    backend = (getattr(dataset, 'backend_args', None) or {}).get('backend')
    folder = dataset.data_prefix.get('img_path') or ''
    return backend in (None, 'local') and '://' not in folder


def folder_problem(
    folder: str, suffix: str, kind: str, suffix_key: str
) -> str:
    """What is wrong with a folder.

    Args:
        folder: The folder; files may lie in sub-folders.
        suffix: What the names of its files end with.
        kind: What the files are, for the message.
        suffix_key: Key of the suffix, for the message.

    Returns:
        A message; empty where one file at least fits.
    """
    if not folder:
        return f'no folder of the {kind}s is given'
    if not osp.isdir(folder):
        return f'the folder {folder} does not exist'
    other = None
    for name in _walk(folder):
        if name.endswith(suffix):
            return ''
        other = other or name
    if other is None:
        return f'the folder {folder} is empty'
    return (
        f'the folder {folder} has no {kind} that ends with {suffix!r} '
        f'({suffix_key}), but {other!r}'
    )


def refuse_circles(folder: str) -> None:
    """Refuse a link in a folder of images that leads back to that folder.

    Data sets of MMSegmentation follow it until the system stops them.

    Args:
        folder: The folder; it may be missing.

    Raises:
        OSError: Names the link.
    """
    if not osp.isdir(folder):
        return
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_symlink() and leads_back(entry.path):
                raise UserOSError(
                    f'{entry.path} is a link to the folder that it lies in, '
                    'as a second "ln -s" leaves it: remove the link'
                )


def names_in(folder: str) -> set[str]:
    """Names of the files and folders in a folder.

    Args:
        folder: The folder.

    Returns:
        The names; none where the folder does not exist.
    """
    if not osp.isdir(folder):
        return set()
    with os.scandir(folder) as entries:
        return {entry.name for entry in entries}


def is_there(path: str, listed: dict[str, set[str]]) -> bool:
    """Whether a file exists, by listing its folder once.

    Args:
        path: The file.
        listed: Names of the folders that were listed, filled in place.
    """
    folder, name = osp.split(path)
    if folder not in listed:
        listed[folder] = names_in(folder or '.')
    return name in listed[folder]


def _walk(folder: str) -> Iterator[str]:
    """Names of the files below a folder, hidden ones left out."""
    for _, names in walk_folder(folder):
        yield from (name for name in names if not name.startswith('.'))
