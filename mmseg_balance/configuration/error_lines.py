"""What goes wrong while a run is built, or trains, as one line."""

import linecache
import os
import re
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from mmengine.config import Config

from ..files.writing import write_atomically
from .typos import explain
from .upstream_messages import advice

PACKAGE = Path(__file__).resolve().parents[1]
OWN_FOLDERS = (PACKAGE, PACKAGE.parent / 'tools')

# what torch makes of an error in a process that loads data
IN_WORKER = re.compile(r'Caught (\w+) in DataLoader worker process')
FRAME = re.compile(r'^  File "(.+)", line (\d+), in ', re.MULTILINE)

Built = TypeVar('Built')


def build_or_exit(
    build: Callable[[], Built], work_dir: str | Path, cfg: Config | None = None
) -> Built:
    """Build something, or end the program with one line.

    What this package raises itself says all that a user needs. Of all else
    the traceback is kept in a file, whose path ends the line.

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
    except Exception as error:  # noqa: BLE001  (a config may raise anything)
        reason = explain(error, cfg) if cfg is not None else None
        if reason is None and raised_here(error):
            sys.exit(f'error: {one_line(error)}')
        reason = reason or advice(error)
        where = keep_traceback(error, work_dir)
        reason = reason or f'{type(error).__name__}: {one_line(error)}'
        # where a dry run was, for one
        reason = ': '.join([*getattr(error, '__notes__', ()), reason])
        sys.exit(f'error: {reason} (traceback: {where})')


def one_line(error: BaseException) -> str:
    """Text of an error without line breaks; never empty.

    Args:
        error: The error.

    Returns:
        Its message, or the line of code that raised it.
    """
    text = ' '.join(_text(error).split())
    if text:
        return text
    file, number, _ = _origin(error)
    return f'{linecache.getline(file, number).strip()} ({file}, line {number})'


def raised_here(error: BaseException) -> bool:
    """Whether a ``raise`` of this package is where an error comes from.

    Args:
        error: The error.
    """
    file, number, _ = _origin(error)
    is_own = any(Path(file).is_relative_to(f) for f in OWN_FOLDERS)
    return is_own and linecache.getline(file, number).split()[:1] == ['raise']


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


def _text(error: BaseException) -> str:
    """Message of an error, without what torch puts around it."""
    text = str(error)
    found = IN_WORKER.match(text)
    if found:
        # its own line is the last that begins with the name of the class
        parts = re.split(rf'^(?:[\w.]+\.)?{found[1]}: ', text, flags=re.M)
        text = parts[-1] if len(parts) > 1 else text
    return text


def _origin(error: BaseException) -> tuple[str, int, str]:
    """File, line and function where an error was raised."""
    in_worker = IN_WORKER.match(str(error))
    if in_worker:
        *_, (file, line) = FRAME.findall(str(error)) or [('', '0')]
        return file, int(line), ''
    frames = traceback.extract_tb(error.__traceback__)
    if not frames:
        return '', 0, ''
    return frames[-1].filename, frames[-1].lineno or 0, frames[-1].name
