"""How a command ends where something is wrong: in one line."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from ..errors import UserError, exit_with, one_line

GOES_ON = 'interrupted; the same command continues where it stopped'


@contextmanager
def clear_exit(interrupted: str = GOES_ON) -> Iterator[None]:
    """End the program with the message of an error, without a traceback.

    For commands that read and write files; what builds models of configs
    takes ``configuration.error_lines``, which keeps the traceback.

    Args:
        interrupted: What is said after Ctrl-C.

    Raises:
        SystemExit: In place of such an error.
    """
    try:
        yield
    except BrokenPipeError:  # of `| head`
        raise
    # what others raise over a file is the user's as well
    except (UserError, OSError, ValueError, RuntimeError) as error:
        exit_with(one_line(error))
    except KeyboardInterrupt:
        sys.exit(interrupted)


@contextmanager
def interruptible(line: str) -> Iterator[None]:
    """End a program that was interrupted as shells expect it.

    Args:
        line: What is said after Ctrl-C.

    Raises:
        SystemExit: 130, in place of KeyboardInterrupt.
    """
    try:
        yield
    except KeyboardInterrupt:
        print(f'\n{line}', file=sys.stderr)
        sys.exit(130)
