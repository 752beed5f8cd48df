"""One command: a parser from its module, and a way to run it."""

import os
import sys
import warnings
from argparse import ArgumentParser, Namespace, RawDescriptionHelpFormatter
from collections.abc import Callable, Sequence
from typing import Protocol


class Command(Protocol):
    """What the module of a command has."""

    DESCRIPTION: str
    EXAMPLE: str

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add its arguments to a parser."""

    def run(self, args: Namespace) -> None:
        """Do what the arguments ask for; ends with SystemExit where not."""


def build_parser(command: Command, prog: str | None = None) -> ArgumentParser:
    """Parser of a command.

    Args:
        command: Its module.
        prog: How it is called; by default the name of the script.

    Returns:
        The parser, whose help ends with the examples of the command.
    """
    parser = ArgumentParser(
        prog=prog,
        description=command.DESCRIPTION,
        epilog=command.EXAMPLE,
        formatter_class=RawDescriptionHelpFormatter,
    )
    command.add_arguments(parser)
    return parser


def run_command(
    command: Command,
    words: Sequence[str] | None = None,
    prog: str | None = None,
) -> None:
    """Read the arguments of a command and run it.

    Args:
        command: Its module.
        words: The arguments; by default those of the process.
        prog: How it is called, see ``build_parser``.

    Raises:
        SystemExit: Of argparse, or of the command where something is wrong.
    """
    words = list(sys.argv[1:] if words is None else words)
    args = build_parser(command, prog).parse_args(words)
    args.words = words
    # mmengine's line on a config that names its successor, which Python
    # shows to nobody by default
    warnings.filterwarnings(
        'default', 'The config file .* deprecated', DeprecationWarning
    )
    try:
        command.run(args)
        sys.stdout.flush()
    except BrokenPipeError:  # of `| head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)


def main_of(command: Command) -> Callable[..., None]:
    """The ``main`` of a script that is a command.

    Args:
        command: Module of the command.

    Returns:
        ``run_command`` of it; takes the arguments, or those of the process.
    """

    def main(words: Sequence[str] | None = None) -> None:
        run_command(command, words)

    return main
