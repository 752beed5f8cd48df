"""Folders, walked with links followed, but not in circles."""

import os
from collections.abc import Iterator
from pathlib import Path

from ..errors import UserFileNotFoundError


def find_files(
    folder: str | Path, suffix: str, exclude: str | None = None
) -> list[Path]:
    """Files below a folder, links followed, hidden files left out.

    Args:
        folder: Where to look, sub-folders included.
        suffix: What the names end with.
        exclude: Names that end with this are left out.

    Returns:
        Sorted paths, at least one.

    Raises:
        FileNotFoundError: The folder is missing or holds no such file.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise UserFileNotFoundError(f'{folder}: no such folder')
    found = sorted(
        Path(parent, name)
        for parent, names in walk_folder(folder)
        for name in names
        if name.endswith(suffix)
        and not name.startswith('.')
        and not (exclude and name.endswith(exclude))
    )
    if not found:
        raise UserFileNotFoundError(
            f'{folder}: no file that ends with "{suffix}"'
        )
    return found


def walk_folder(folder: str | Path) -> Iterator[tuple[str, list[str]]]:
    """Folders and the names in them; links are followed, but not in circles.

    Args:
        folder: Where to begin.

    Yields:
        A folder, and the names of its files, broken links included.
    """
    for parent, folders, names in os.walk(folder, followlinks=True):
        folders[:] = [
            name
            for name in folders
            if not leads_back(os.path.join(parent, name))
        ]
        yield parent, names


def leads_back(folder: str) -> bool:
    """Whether a folder is a link to one that it lies in.

    ``ln -s`` called twice leaves such a link; followed, it would give each
    file some forty times.

    Args:
        folder: The folder.

    Returns:
        False as well for what is no link.
    """
    if not os.path.islink(folder):
        return False
    here = os.path.realpath(os.path.dirname(folder))
    target = os.path.realpath(folder)
    return os.path.join(here, '').startswith(os.path.join(target, ''))
