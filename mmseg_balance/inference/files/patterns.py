"""Files that a pattern with wildcards names."""

import glob
from collections.abc import Sequence
from fnmatch import fnmatchcase
from itertools import takewhile
from pathlib import Path

from ...files.walking import walk_folder

ANY_FOLDERS = '**'


def fixed_folder(pattern: str) -> Path:
    """Folder of a pattern before its first wildcard.

    Args:
        pattern: Path with ``*``, ``?``, ``[...]`` or ``**``.

    Returns:
        The folder; '.' where the first part has a wildcard.
    """
    parts = takewhile(lambda p: not glob.has_magic(p), Path(pattern).parts)
    return Path(*parts)


def matching(pattern: str) -> list[Path]:
    """Files and folders that a pattern names; hidden ones left out.

    ``**`` stands for any number of folders, as for ``glob``, which follows
    links in circles; this does not.

    Args:
        pattern: Path with wildcards.

    Returns:
        Sorted paths; with ``**`` those of files alone.
    """
    if ANY_FOLDERS not in Path(pattern).parts:
        return sorted(map(Path, glob.glob(pattern)))
    root = fixed_folder(pattern)
    wanted = Path(pattern).parts[len(root.parts) :]
    return sorted(
        path
        for parent, names in walk_folder(root)
        for name in names
        if _matches(
            (path := Path(parent, name)).parts[len(root.parts) :], wanted
        )
    )


def _matches(parts: Sequence[str], wanted: Sequence[str]) -> bool:
    """Whether the parts of a path are those of a pattern."""
    if not wanted:
        return not parts
    if wanted[0] == ANY_FOLDERS:
        return _matches(parts, wanted[1:]) or (
            bool(parts)
            and not parts[0].startswith('.')
            and _matches(parts[1:], wanted)
        )
    return (
        bool(parts)
        and fnmatchcase(parts[0], wanted[0])
        and (not parts[0].startswith('.') or wanted[0].startswith('.'))
        and _matches(parts[1:], wanted[1:])
    )
