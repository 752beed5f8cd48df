"""Write the class statistics of any data set's train-id labels.

Rare class sampling reads them from the data set's folder. Label values other
than 0 .. C - 1 and the ignore index are refused.

Usage: python tools/dataset_converters/class_stats.py \
    data/camvid/day/labels/train --num-classes 11 --suffix .png \
    --out-dir data/camvid/day
"""

import os
from argparse import ArgumentParser
from collections.abc import Sequence
from pathlib import Path

from mmseg_balance.datasets.class_stats import count_label_files
from mmseg_balance.datasets.converter_cli import (
    add_nproc,
    clear_exit,
    finish,
    positive_int,
)
from mmseg_balance.datasets.file_utils import find_files


def main(argv: Sequence[str] | None = None) -> None:
    """Count the label files that the command line names."""
    parser = ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('label_dir', type=Path, help='folder of the labels')
    parser.add_argument('--num-classes', type=positive_int, required=True)
    parser.add_argument(
        '--suffix',
        default='_labelTrainIds.png',
        help='what the names of label files end with (default: %(default)s)',
    )
    parser.add_argument(
        '--out-dir',
        type=Path,
        help='where the statistics are written (default: the label folder)',
    )
    parser.add_argument('--ignore-index', type=int, default=255)
    add_nproc(parser)
    args = parser.parse_args(argv)
    out_dir = args.out_dir or args.label_dir
    with clear_exit():
        files = find_files(args.label_dir, args.suffix)
        counts = count_label_files(
            files, args.num_classes, args.ignore_index, args.nproc
        )
        names = [_name_in(file, out_dir) for file in files]
        classes = [str(c) for c in range(args.num_classes)]
        finish(out_dir, names, counts, classes)


def _name_in(file: Path, folder: Path) -> str:
    """Path relative to the folder where it is inside, else absolute."""
    file, folder = Path(os.path.abspath(file)), Path(os.path.abspath(folder))
    inside = file.is_relative_to(folder)
    return (file.relative_to(folder) if inside else file).as_posix()


if __name__ == '__main__':
    main()
