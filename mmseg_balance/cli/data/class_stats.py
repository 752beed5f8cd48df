"""``mmseg-balance data class-stats``."""

from argparse import ArgumentParser, Namespace
from pathlib import Path

from ..exits import clear_exit
from ..options import add_nproc, positive_int
from .conversion import print_counts

DESCRIPTION = """\
Write the class statistics of any data set's train-id labels.

Rare class sampling reads them from the data_root of the source data set or,
where it is set, from its own stats_dir; the line that sets it is printed.
Label values other than 0 .. C - 1 and the ignore index are refused.
"""
EXAMPLE = """\
example:
  mmseg-balance data class-stats data/camvid/day/labels/train \\
      --num-classes 11 --out-dir data/camvid/day
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument('label_dir', type=Path, help='folder of the labels')
    parser.add_argument(
        '--num-classes',
        type=positive_int,
        required=True,
        help='number of classes C',
    )
    parser.add_argument(
        '--suffix',
        help='what the names of label files end with (default: '
        '_labelTrainIds.png where there are such files, else .png)',
    )
    parser.add_argument(
        '--out-dir',
        type=Path,
        help='where the statistics are written: data_root of the data set, '
        'or any folder that stats_dir of rare class sampling then names '
        '(default: the label folder)',
    )
    parser.add_argument(
        '--ignore-index',
        type=int,
        default=255,
        help='label value that is not counted (default: %(default)s)',
    )
    parser.add_argument(
        '--reduce-zero-label',
        action='store_true',
        help='0 in the files is unlabelled and 1 .. C are the classes, as '
        'reduce_zero_label=True of a data set says (ADE20K for one)',
    )
    add_nproc(parser)


def run(args: Namespace) -> None:
    """Count the label files that the command line names."""
    from ...datasets.class_statistics.folder import (
        SUFFIXES,
        write_folder_stats,
    )

    out_dir = args.out_dir or args.label_dir
    with clear_exit():
        counts = write_folder_stats(
            args.label_dir,
            out_dir,
            args.num_classes,
            SUFFIXES if args.suffix is None else [args.suffix],
            args.ignore_index,
            args.reduce_zero_label,
            args.nproc,
        )
        print_counts(
            out_dir, counts, [str(c) for c in range(args.num_classes)]
        )
        print(
            'rare class sampling reads them with (not needed where the folder '
            'is data_root of the source)\n'
            f'rare_class_sampling=dict(stats_dir={out_dir.as_posix()!r})'
        )
