"""What a generator notes beside its files, so that nothing is mixed."""

import json
from collections.abc import Mapping
from pathlib import Path

from ...errors import UserValueError
from ...files.writing import write_atomically


def write_note(path: Path, noted: Mapping[str, float]) -> None:
    """Note the settings that the files of a folder are generated with.

    Args:
        path: The note, in that folder.
        noted: The settings.
    """
    write_atomically(path, json.dumps(noted, indent=2).encode())


def refuse_other_settings(
    path: Path,
    noted: Mapping[str, float],
    what: str,
    before: Mapping[str, float] | None = None,
) -> None:
    """Refuse a folder that was not generated with the same settings.

    Args:
        path: Where its note is.
        noted: The settings.
        what: What is generated, for the message.
        before: Settings that earlier versions had not, and what then held.

    Raises:
        ValueError: It holds other files, or was generated with other
            settings; names them.
    """
    root = path.parent
    if not path.is_file():
        if root.is_dir() and any(root.iterdir()):
            raise UserValueError(
                f'{root} holds files but no {path.name}, so they are not '
                f'{what}: choose another folder'
            )
        return
    try:
        found = dict(before or {}) | dict(json.loads(path.read_text()))
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
