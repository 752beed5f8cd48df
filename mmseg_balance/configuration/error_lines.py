"""What goes wrong while a run is built, or trains, as one line."""

import os
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from mmengine.config import Config

from ..errors import UserError, exit_with, one_line
from ..files.writing import write_atomically
from .typos import explain, failing_part
from .upstream_messages import advice

Built = TypeVar('Built')


def build_or_exit(
    build: Callable[[], Built], work_dir: str | Path, cfg: Config | None = None
) -> Built:
    """Build something, or end the program with one line.

    A ``UserError`` says all that a user needs. Of all else the traceback is
    kept in a file, whose path ends the line.

    Args:
        build: What to do.
        work_dir: Folder for the traceback.
        cfg: Config that is built, to name the key that is wrong.

    Returns:
        What ``build`` returns.

    Raises:
        SystemExit: ``build`` raised something.
    """
    try:
        return build()
    except Exception as raised:  # noqa: BLE001  (a config may raise anything)
        error = _unwrapped(raised)
        if isinstance(error, UserError):
            exit_with(one_line(error))
        reason = explain(error, cfg) if cfg is not None else None
        reason = reason or advice(error)
        where = keep_traceback(error, work_dir)
        if reason is None:
            part = failing_part(error, cfg) if cfg is not None else ''
            reason = f'{part}{type(error).__name__}: {one_line(error)}'
        # where a dry run was, for one, from the outside to the inside
        notes = reversed(getattr(error, '__notes__', ()))
        reason = ': '.join([*notes, reason])
        exit_with(f'{reason} (traceback: {where})')


def _unwrapped(error: Exception) -> Exception:
    """What a hook raised, where the runner put a TypeError around it.

    Which has lost its notes and its class; the hook is of interest where the
    error is none for users.
    """
    cause = error.__cause__ or error.__context__
    if not isinstance(error, TypeError) or not isinstance(cause, TypeError):
        return error
    told = isinstance(cause, UserError) or hasattr(cause, '__notes__')
    return cause if told else error


def keep_traceback(error: BaseException, work_dir: str | Path) -> str:
    """Write the traceback of an error to a new file.

    Args:
        error: The error.
        work_dir: Folder of the file; made where it is missing.

    Returns:
        Path of the file; 'above' where it cannot be written and the
        traceback was printed.
    """
    name = f'error_{time.strftime("%Y%m%d_%H%M%S")}_{os.getpid()}.txt'
    path = Path(work_dir).absolute() / name
    try:
        text = ''.join(traceback.format_exception(error))
        write_atomically(path, text.encode())
    except OSError:
        traceback.print_exception(error)
        return 'above'
    return str(path)
