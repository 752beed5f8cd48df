"""Errors that a user can mend, whose message says all that is needed.

Whoever catches them may ask for the built-in class, ``ValueError`` for one,
or for all of them, ``UserError``. Commands end with the message of these
alone; what else is raised is a fault whose traceback is kept.
"""

import linecache
import re
import sys
import traceback
from typing import NoReturn

# what torch makes of an error in a process that loads data
IN_WORKER = re.compile(r'Caught (\w+) in DataLoader worker process')
FRAME = re.compile(r'^  File "(.+)", line (\d+), in ', re.MULTILINE)


class UserError(Exception):
    """Something is wrong with what was given, not with the code.

    Raise one of its subclasses, which are the built-in errors as well. The
    message names the key or file, what was found, what was expected, and
    what mends it.
    """


class UserValueError(UserError, ValueError):
    """A setting, a file or a tensor that cannot work."""


class UserTypeError(UserError, TypeError):
    """Something of another type than what is needed."""


class UserRuntimeError(UserError, RuntimeError):
    """Something that went wrong on the way."""


class UserImportError(UserError, ImportError):
    """A package that is missing, or of a version that does not fit."""


class UserFloatingPointError(UserError, FloatingPointError):
    """A loss that is NaN or infinite."""


class UserOSError(UserError, OSError):
    """A file that cannot be read or written."""


class UserFileNotFoundError(UserError, FileNotFoundError):
    """A file or folder that is not there."""


class UserFileExistsError(UserError, FileExistsError):
    """A file that is there already and is not overwritten."""


class UserNotADirectoryError(UserError, NotADirectoryError):
    """A file where a folder is needed."""


class UserIsADirectoryError(UserError, IsADirectoryError):
    """A folder where a file is needed."""


class UserPermissionError(UserError, PermissionError):
    """A file or folder that this user may not read or write."""


class UserConnectionError(UserError, ConnectionError):
    """An address that does not answer."""


def with_message(error: OSError | ValueError, message: str) -> UserError:
    """An error of the same kind that says more.

    Args:
        error: What was raised.
        message: All of the new message.
    """
    if isinstance(error, FileNotFoundError):
        return UserFileNotFoundError(message)
    if isinstance(error, OSError):
        return UserOSError(message)
    return UserValueError(message)


def exit_with(line: str) -> NoReturn:
    """End the program with one line on what is wrong.

    Args:
        line: The line, see :func:`one_line`.
    """
    sys.exit(f'error: {line}')


def one_line(error: BaseException) -> str:
    """Text of an error without line breaks; never empty.

    Args:
        error: The error.

    Returns:
        Its message, or the line of code that raised it.
    """
    text = ' '.join(_message(error).split())
    if text:
        return text
    file, number = _origin(error)
    code = linecache.getline(file, number).strip() or type(error).__name__
    return f'{code} ({file}, line {number})'


def _message(error: BaseException) -> str:
    """Message of an error, without what torch puts around it."""
    text = str(error)
    found = IN_WORKER.match(text)
    if found:
        # its own line is the last that begins with the name of the class
        parts = re.split(rf'^(?:[\w.]+\.)?{found[1]}: ', text, flags=re.M)
        text = parts[-1] if len(parts) > 1 else text
    return text


def _origin(error: BaseException) -> tuple[str, int]:
    """File and line where an error was raised."""
    if IN_WORKER.match(str(error)):
        *_, (file, line) = FRAME.findall(str(error)) or [('', '0')]
        return file, int(line)
    frames = traceback.extract_tb(error.__traceback__)
    if not frames:
        return '', 0
    return frames[-1].filename, frames[-1].lineno or 0
