"""What the commands of figures share."""

import sys
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from ...errors import UserFileNotFoundError
from ..options import (
    ArgumentGroup,
    add_cfg_options,
    add_data_root,
    add_device,
    add_part,
)

NARROWEST, WIDEST = 1.5, 40.0


def add_page(
    parser: ArgumentGroup,
    files: Iterable[str],
    where: str = 'work_dirs/<name of the config file>/figures',
    width: str = 'column',
) -> None:
    """Add where the files go, and how wide the picture is.

    Args:
        parser: Parser of a command.
        files: What it writes.
        where: Default folder, in words.
        width: Default width.
    """
    parser.add_argument(
        '--out',
        type=Path,
        metavar='FOLDER',
        help=f'folder for {", ".join(files)}; by default {where}',
    )
    parser.add_argument(
        '--overwrite',
        action='store_true',
        help='replace these files where they are in FOLDER',
    )
    parser.add_argument(
        '--width',
        type=page_width,
        default=width,
        metavar='WIDTH',
        help="'column' (3.25 inches), 'text' (6.75), or a number of inches; "
        f'letters keep their size (default: {width})',
    )


def add_classes(parser: ArgumentGroup, default: str) -> None:
    """Add ``--classes``.

    Args:
        parser: Parser of a command.
        default: What is shown without it.
    """
    parser.add_argument(
        '--classes',
        nargs='+',
        metavar='CLASS',
        help=f'classes to show, by name; by default {default}',
    )


def add_model(parser: ArgumentParser) -> None:
    """Add config, checkpoint, and how they are read."""
    parser.add_argument('config', help='config file, or a name of `configs`')
    parser.add_argument('checkpoint', help='checkpoint file')
    add_part(parser)
    add_device(parser)
    add_cfg_options(parser)
    add_data_root(parser)


def add_models(parser: ArgumentParser, required: bool = False) -> None:
    """Add a model, and the one that it is compared with.

    Args:
        parser: Parser of a command.
        required: Whether there must be two.
    """
    add_model(parser)
    parser.add_argument(
        '--baseline',
        nargs=2,
        required=required,
        metavar=('CONFIG', 'CHECKPOINT'),
        help='model to compare with, shown first',
    )
    parser.add_argument(
        '--names',
        nargs='+',
        metavar='NAME',
        help='names of the baseline and of the model in the picture; by '
        'default what their config files are called',
    )


def run_on_files(
    args: Namespace, folder: str | Path, draw: Callable[[], Any]
) -> None:
    """Run a command that reads files alone, no model.

    Args:
        args: Of the command line; ``out`` is set where it is not.
        folder: What is read; the default of ``--out`` is in it.
        draw: Checks, draws and writes.
    """
    from ...configuration.error_lines import build_or_exit
    from ..exits import interruptible

    args.out = args.out or Path(folder) / 'figures'
    with interruptible('interrupted: nothing was written'):
        build_or_exit(draw, args.out)


def check_work_dir(folder: Path) -> None:
    """Refuse what is no folder.

    Args:
        folder: Of a training.

    Raises:
        FileNotFoundError: It is none.
    """
    if not folder.is_dir():
        raise UserFileNotFoundError(
            f'there is no folder {folder}: name the work folder of a training'
        )


def page_width(text: str) -> float:
    """Read the option ``--width``.

    Args:
        text: 'column', 'text', or a number of inches.

    Returns:
        Inches.

    Raises:
        ArgumentTypeError: It is neither, or out of range.
    """
    from ...visualization.paper_figures.page import WIDTHS

    if text in WIDTHS:
        return WIDTHS[text]
    try:
        width = float(text)
    except ValueError:
        width = -1.0
    if not NARROWEST <= width <= WIDEST:
        raise ArgumentTypeError(
            f"expected 'column', 'text' or inches from {NARROWEST:g} to "
            f'{WIDEST:g}, found "{text}"'
        )
    return width


def chosen(args: Namespace, classes: Iterable[str]) -> list[int] | None:
    """Numbers of ``--classes``; None: it is not given.

    Args:
        args: Of the command line.
        classes: Names of all classes.
    """
    from ...visualization.paper_figures.class_choice import named_classes

    if args.classes is None:
        return None
    return named_classes(args.classes, list(classes))


def note_left_out(classes: Iterable[str], reason: str) -> None:
    """Say which of the classes that were asked for have no place.

    Args:
        classes: Their names; none: nothing is said.
        reason: Why.
    """
    named = ', '.join(classes)
    if named:
        print(f'note: {named}: {reason}, not drawn', file=sys.stderr)


def write(args: Namespace, files: Any, names: Iterable[str]) -> None:
    """Write the files of a command, and say where.

    Args:
        args: Of the command line.
        files: Contents by name.
        names: Files that such a command may write.
    """
    from ...runs.out_files import write_out

    write_out(args.out, list(names), files, args.overwrite)
    print(f'wrote {", ".join(sorted(files))} to {args.out}')
