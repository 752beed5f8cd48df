"""What the commands that convert the labels of one data set share."""

from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..options import add_nproc

if TYPE_CHECKING:
    import numpy as np

    from ...datasets.conversion.label_conversion import Conversion


def add_conversion(
    parser: ArgumentParser, label_dir: str, image_dir: str
) -> None:
    """Add ``data_root, label_dir, image_dir, out_dir, nproc``.

    Args:
        parser: Parser of a command.
        label_dir: Default folder of the original labels in the data set.
        image_dir: Default folder of the images in it.
    """
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


def conversion_parser(
    description: str, label_dir: str, image_dir: str
) -> ArgumentParser:
    """Parser for a script that converts the labels of one data set.

    Args:
        description: What the script does.
        label_dir: See ``add_conversion``.
        image_dir: See ``add_conversion``.

    Returns:
        The parser.
    """
    parser = ArgumentParser(description=description)
    add_conversion(parser, label_dir, image_dir)
    return parser


def print_counts(
    folder: Path, counts: 'np.ndarray', classes: Sequence[str]
) -> None:
    """Print the share of each class.

    Args:
        folder: Where the statistics were written.
        counts: Pixels of each class in each file, (F, C).
        classes: C names.
    """
    from ...datasets.class_statistics.files import STATS_FILE
    from ...datasets.class_statistics.table import class_table

    print(class_table(counts, classes))
    print(f'{len(counts)} files counted in {Path(folder, STATS_FILE)}')


def finish_conversion(
    args: Namespace, counted: 'Conversion', others: Sequence['Conversion'] = ()
) -> None:
    """Write and print what a conversion found.

    Args:
        args: Of ``add_conversion``.
        counted: The labels whose statistics are written.
        others: Further labels, for the notes alone.
    """
    from ...datasets.class_statistics.files import write_class_stats
    from ...datasets.conversion.converted_labels import CLASSES
    from ...datasets.conversion.notes import (
        describe_notes,
        merge_notes,
        write_notes,
    )

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
