"""What lies in a folder that has a folder for each class."""

import os
import os.path as osp
from collections.abc import Collection, Sequence
from pathlib import Path

from ...errors import UserFileNotFoundError, UserValueError
from ...files.walking import walk_folder

SHOWN_NAMES = 10


def class_folders(folder: str, skipped: Collection[str] = ()) -> list[str]:
    """Names of the folders in a folder, hidden ones left out.

    Args:
        folder: The folder.
        skipped: Names that are left out.

    Returns:
        They, sorted.

    Raises:
        FileNotFoundError: There is no such folder.
        ValueError: None is given, or it has no folders.
    """
    if not folder:
        raise UserValueError(
            'no folder of classes is given: set data_root, or '
            'data_prefix=dict(img_path=...)'
        )
    if not osp.isdir(folder):
        raise UserFileNotFoundError(f'the folder {folder} does not exist')
    with os.scandir(folder) as entries:
        names = sorted(e.name for e in entries if e.is_dir())
    names = [n for n in names if n[0] not in '._' and n not in skipped]
    if not names:
        raise UserValueError(
            f'{folder} has no folders, expected one for each class with its '
            "images in it; for a list of images: dict(type='ImageListDataset')"
        )
    return names


def refuse_other_folders(
    folder: str, classes: Sequence[str], skipped: Collection[str] = ()
) -> None:
    """Refuse a folder whose name is no class.

    Args:
        folder: Where the folders of the classes are.
        classes: Their names.
        skipped: Names of folders that are no class.

    Raises:
        ValueError: There are others; names them.
    """
    others = [n for n in class_folders(folder, skipped) if n not in classes]
    if others:
        missing = [
            name for name in classes if not osp.isdir(osp.join(folder, name))
        ]
        without = f' (without a folder: {_some(missing)})' if missing else ''
        raise UserValueError(
            f'{folder} has the folder {_some(others)}, which is none of the '
            f'{len(classes)} classes{without}: give the folder the name of '
            f'its class, or leave it out with skipped={others[:SHOWN_NAMES]}'
        )


def images_below(folder: str, suffixes: Sequence[str] | str) -> list[str]:
    """Images in a folder and those within it, sorted; hidden ones left out.

    Args:
        folder: The folder; none where it does not exist.
        suffixes: What their names end with, in whichever case.
    """
    ends = (suffixes,) if isinstance(suffixes, str) else tuple(suffixes)
    ends = tuple(end.lower() for end in ends)
    return sorted(
        Path(parent, name).as_posix()
        for parent, names in walk_folder(folder)
        for name in names
        if name.lower().endswith(ends) and not name.startswith('.')
    )


def _some(names: Sequence[str]) -> str:
    more = ', ...' if len(names) > SHOWN_NAMES else ''
    return ', '.join(map(repr, names[:SHOWN_NAMES])) + more
