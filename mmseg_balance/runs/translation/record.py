"""What made a folder of translated images: no other run goes on with it."""

import json
from pathlib import Path
from typing import Any

from ...errors import (
    UserFileExistsError,
    UserNotADirectoryError,
    UserValueError,
)
from ...files.writing import require_writable, write_atomically
from ...version import __version__

RECORD = 'translation.json'


def claim_folder(
    out: Path, settings: dict[str, Any], origin: dict[str, Any]
) -> None:
    """Begin with a new folder, or go on with one of the same settings.

    Args:
        out: The folder.
        settings: All that the translated images follow from, as JSON can
            hold it.
        origin: What else is worth knowing of where they come from.

    Raises:
        FileExistsError: It has files that no translation wrote.
        NotADirectoryError: It is a file.
        OSError: Nothing can be written there.
        ValueError: It is of a translation with other settings.
    """
    if out.exists() and not out.is_dir():
        raise UserNotADirectoryError(f'--out {out} is a file: name a folder')
    path = out / RECORD
    if path.is_file():
        _check_same(_read(path).get('settings'), settings, path)
        return
    there = sorted(p.name for p in out.iterdir()) if out.is_dir() else []
    if there:
        raise UserFileExistsError(
            f'--out {out} has {there[0]}'
            f'{f" and {len(there) - 1} more" if there[1:] else ""}, and no '
            f'{RECORD} of an earlier translation: name a new folder, or an '
            'empty one'
        )
    require_writable(out, '--out')
    record = dict(settings=settings, mmseg_balance=__version__, **origin)
    write_atomically(path, f'{json.dumps(record, indent=2)}\n'.encode())


def _read(path: Path) -> dict[str, Any]:
    try:
        record = json.loads(path.read_text())
    except ValueError as error:
        raise UserValueError(f'{path} is no JSON: {error}') from error
    return record if isinstance(record, dict) else {}


def _check_same(found: Any, wanted: dict[str, Any], path: Path) -> None:
    # as JSON gives it back
    found, wanted = _flat(found), _flat(json.loads(json.dumps(wanted)))
    differing = [
        f'{key} {_short(found.get(key))}, now {_short(wanted.get(key))}'
        for key in sorted(found | wanted)
        if found.get(key) != wanted.get(key)
    ]
    if differing:
        raise UserValueError(
            f'{path.parent} was translated with other settings '
            f'({"; ".join(differing)}): name another folder with --out, or '
            f'give those of {path}'
        )


def _flat(settings: Any, key: str = '') -> dict[str, Any]:
    """Settings by dotted keys."""
    if not isinstance(settings, dict):
        return {key: settings} if key else {}
    return {
        inner: value
        for name, part in settings.items()
        for inner, value in _flat(part, f'{key}.{name}'.strip('.')).items()
    }


def _short(value: Any) -> str:
    """A value as JSON; of a SHA-256 its beginning."""
    if isinstance(value, str) and len(value) == 64:
        return f'{value[:10]}...'
    return json.dumps(value)
