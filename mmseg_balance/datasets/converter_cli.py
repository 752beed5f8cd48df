"""What the command lines of the data set converters share."""

import os
import sys
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from .class_stats import STATS_FILE, write_class_stats


def positive_int(text: str) -> int:
    """Parse a command line number of at least 1."""
    if not text.isdecimal() or int(text) < 1:
        raise ArgumentTypeError(f'expected an integer >= 1, found "{text}"')
    return int(text)


def add_nproc(parser: ArgumentParser) -> None:
    """Add the option for the number of processes."""
    parser.add_argument(
        '--nproc',
        type=positive_int,
        default=os.cpu_count() or 1,
        help='number of processes (default: %(default)s)',
    )


def conversion_parser(description: str, label_dir: str) -> ArgumentParser:
    """Parser for a tool that converts the labels of one data set.

    Args:
        description: What the tool does.
        label_dir: Default folder of the original labels in the data set.

    Returns:
        A parser of ``data_root, label_dir, out_dir, nproc``.
    """
    parser = ArgumentParser(description=description)
    parser.add_argument('data_root', type=Path, help='folder of the data set')
    parser.add_argument(
        '--gt-dir',
        dest='label_dir',
        default=label_dir,
        help='folder of the original labels in it (default: %(default)s)',
    )
    parser.add_argument(
        '--out-dir',
        type=Path,
        help='where labels and statistics are written, in the layout of the '
        'data set (default: the data set itself)',
    )
    add_nproc(parser)
    return parser


@contextmanager
def clear_exit() -> Iterator[None]:
    """End the program with the message of an error, without a traceback."""
    try:
        yield
    except (OSError, ValueError, RuntimeError) as error:
        sys.exit(f'error: {error}')
    except KeyboardInterrupt:
        sys.exit('interrupted; the same command continues where it stopped')


def finish(
    folder: Path,
    files: Sequence[str],
    counts: np.ndarray,
    classes: Sequence[str],
) -> None:
    """Write the class statistics and print the share of each class.

    Args:
        folder: Where the statistics are written.
        files: F label files, as they shall stand in the statistics.
        counts: Pixels of each class in each file, (F, C).
        classes: C names.
    """
    write_class_stats(folder, files, counts)
    print(class_table(counts, classes))
    print(f'{len(files)} files counted in {Path(folder, STATS_FILE)}')


def class_table(counts: np.ndarray, classes: Sequence[str]) -> str:
    """Format the share of each class.

    Args:
        counts: Pixels of each class in each file, (F, C).
        classes: C names.

    Returns:
        A line for each class: name, share of the labelled pixels in percent,
        number of files that show it.
    """
    width = max(map(len, classes))
    total = max(int(counts.sum()), 1)
    lines = [f'{"class":{width}}  share (%)   files']
    for name, column in zip(classes, counts.T, strict=True):
        share = 100 * column.sum() / total
        files = np.count_nonzero(column)
        lines.append(f'{name:{width}}  {share:9.3f}  {files:6d}')
    return '\n'.join(lines)
