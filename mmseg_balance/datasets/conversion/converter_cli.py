"""What the command lines of the data set converters share."""

import os
import sys
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from ..class_statistics.files import STATS_FILE, write_class_stats
from .converted_labels import CLASSES
from .label_conversion import Conversion
from .notes import describe_notes, merge_notes, write_notes


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


def conversion_parser(
    description: str, label_dir: str, image_dir: str
) -> ArgumentParser:
    """Parser for a tool that converts the labels of one data set.

    Args:
        description: What the tool does.
        label_dir: Default folder of the original labels in the data set.
        image_dir: Default folder of the images in it.

    Returns:
        A parser of ``data_root, label_dir, image_dir, out_dir, nproc``.
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
        '--img-dir',
        dest='image_dir',
        default=image_dir,
        help='folder of the images in it, which labels are compared with '
        '(default: %(default)s)',
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


def print_counts(
    folder: Path, counts: np.ndarray, classes: Sequence[str]
) -> None:
    """Print the share of each class.

    Args:
        folder: Where the statistics were written.
        counts: Pixels of each class in each file, (F, C).
        classes: C names.
    """
    print(class_table(counts, classes))
    print(f'{len(counts)} files counted in {Path(folder, STATS_FILE)}')


def finish_conversion(
    args: Namespace, counted: Conversion, others: Sequence[Conversion] = ()
) -> None:
    """Write and print what a converter found.

    Args:
        args: Of :func:`conversion_parser`.
        counted: The labels whose statistics are written.
        others: Further labels, for the notes alone.
    """
    folder = args.out_dir or args.data_root
    write_class_stats(folder, counted.files, counted.counts)
    print_counts(folder, counted.counts, CLASSES)
    notes = merge_notes([part.notes for part in (counted, *others)])
    write_notes(folder, notes)
    text = describe_notes(notes, folder)
    if text:
        print(f'\n{text}')
    if args.out_dir and args.out_dir.resolve() != args.data_root.resolve():
        images = (args.data_root / args.image_dir).absolute().as_posix()
        print(
            '\nthe data set reads images and labels together with\n'
            f'  data_root={folder.as_posix()!r}\n'
            f'  data_prefix=dict(img_path={images!r}, '
            f'seg_map_path={args.label_dir!r})'
        )


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
