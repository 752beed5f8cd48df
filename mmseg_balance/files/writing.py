"""Files that are written whole or not at all."""

import os
from pathlib import Path
from tempfile import TemporaryFile

from ..errors import UserOSError


def require_writable(folder: str | Path, option: str = '--out-dir') -> None:
    """Refuse a folder that nothing can be written in, before any work.

    Args:
        folder: The folder; where it is missing, the first one above it that
            exists counts.
        option: What names it, for the error.

    Raises:
        OSError: Names the folder, the reason and the option that helps.
    """
    folder = Path(folder)
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    try:
        with TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise UserOSError(
            f'{folder}: nothing can be written there ({error.strerror}); '
            f'name a folder of your own with {option}'
        ) from error


def write_atomically(path: str | Path, data: bytes) -> None:
    """Write a file so that it is either whole or not there.

    Args:
        path: The file; missing parent folders are made.
        data: All of its bytes.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f'.{path.name}.{os.getpid()}.tmp')
    try:
        temporary.write_bytes(data)
        os.replace(temporary, path)
    finally:
        if temporary.exists():  # or unlink would hide why it could not
            temporary.unlink()
