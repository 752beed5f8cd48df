"""Folders of toy streets, which are not mixed with others."""

import json
from collections.abc import Mapping
from pathlib import Path

from ...errors import UserValueError


def refuse_other(
    root: Path, settings_file: str, noted: Mapping[str, int]
) -> None:
    """Refuse a folder that was not generated with the same settings.

    Args:
        root: The folder; may be missing or empty.
        settings_file: Name of the file in it that notes the settings.
        noted: The settings.

    Raises:
        ValueError: It holds files without such a note, or another note.
    """
    path = root / settings_file
    if not path.is_file():
        if root.is_dir() and any(root.iterdir()):
            raise UserValueError(
                f'{root} holds files but no {settings_file}, so they are not '
                'toy streets: choose another folder'
            )
        return
    try:
        found = dict(json.loads(path.read_text()))
    except (TypeError, ValueError) as error:
        raise UserValueError(f'{path} cannot be read: {error}') from error
    other = [
        f'{key} {found.get(key)} (now {value})'
        for key, value in noted.items()
        if found.get(key) != value
    ]
    if other:
        raise UserValueError(
            f'{root} was generated with {", ".join(other)}: choose another '
            'folder or delete this one'
        )
