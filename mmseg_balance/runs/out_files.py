"""Where a tool writes its files, so that those of no other run are lost."""

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from ..errors import (
    UserFileExistsError,
    UserIsADirectoryError,
    UserNotADirectoryError,
    UserOSError,
    UserPermissionError,
)
from ..files.writing import write_atomically


def check_out(out: Path, names: Sequence[str], overwrite: bool) -> None:
    """Refuse a folder with the files of another run.

    Args:
        out: What ``--out`` names; need not exist.
        names: Files that will be written; the first is the JSON file whose
            'checkpoint' and 'part' say which run it is of.
        overwrite: Whether they may be replaced.

    Raises:
        FileExistsError: Some are there; names them and their run.
        NotADirectoryError: ``out`` is a file.
    """
    if out.exists() and not out.is_dir():
        raise UserNotADirectoryError(f'--out {out} is a file: name a folder')
    there = [name for name in names if (out / name).exists()]
    if there and not overwrite:
        raise UserFileExistsError(
            f'{out} has {", ".join(there)} of {_run_of(out / names[0])}: '
            'name another folder with --out, or replace them with --overwrite'
        )


def write_out(
    out: Path,
    names: Sequence[str],
    files: Mapping[str, bytes],
    overwrite: bool,
) -> None:
    """Write the files of a run, each whole or not at all.

    Args:
        out: The folder.
        names: Files that such a run may write; those that this one has not
            are taken away, since they are of the run that it replaces.
        files: Contents by name.
        overwrite: Whether files may be replaced.

    Raises:
        FileExistsError: A run at the same time has written some.
    """
    check_out(out, names, overwrite)
    for name in names:
        if name in files:
            write_atomically(out / name, files[name])
        else:
            (out / name).unlink(missing_ok=True)


def check_out_file(out: Path, overwrite: bool) -> None:
    """Refuse a file that is there, or that could not be written.

    Hours may pass before it is.

    Args:
        out: What ``--out`` names.
        overwrite: Whether it may be replaced.

    Raises:
        FileExistsError: It is there.
        IsADirectoryError: It is a folder.
        PermissionError: Its folder is none, or may not be written to.
    """
    if out.is_dir():
        raise UserIsADirectoryError(f'--out {out} is a folder: name a file')
    if out.exists() and not overwrite:
        raise UserFileExistsError(
            f'{out} exists: give another --out, or --overwrite to replace it'
        )
    folder = next(p for p in out.resolve().parents if p.exists())
    if not (folder.is_dir() and os.access(folder, os.W_OK)):
        raise UserPermissionError(
            f'--out {out}: {folder} is no folder that can be written to; '
            'give another file'
        )


def make_folder(out: Path) -> None:
    """Make the folder, before a long pass rather than after it.

    Args:
        out: What ``--out`` names.

    Raises:
        OSError: It cannot be made.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserOSError(
            f'--out {out} cannot be made ({error.strerror}): name a folder '
            'that you may write to'
        ) from error


def _run_of(path: Path) -> str:
    """Which run a file is of, where it says so."""
    try:
        origin = json.loads(path.read_text())
        part = f', {origin["part"]}' if origin['part'] else ''
        return f'{origin["checkpoint"]}{part}'
    except (OSError, ValueError, KeyError, TypeError):
        return 'another run'
