"""Write the class statistics of any data set's train-id labels.

Rare class sampling reads them from the ``data_root`` of the source data set
or, where it is set, from its own ``stats_dir``; the line that sets it is
printed. Label values other than 0 .. C - 1 and the ignore index are refused.

Usage: python tools/dataset_converters/class_stats.py \
    data/camvid/day/labels/train --num-classes 11 --out-dir data/camvid/day
"""

import os
from argparse import ArgumentParser
from collections.abc import Sequence
from pathlib import Path

from mmseg_balance.datasets.class_statistics.files import (
    check_replaced,
    count_label_files,
    write_class_stats,
)
from mmseg_balance.datasets.conversion.converter_cli import (
    add_nproc,
    clear_exit,
    positive_int,
    print_counts,
)
from mmseg_balance.datasets.conversion.label_conversion import TRAIN_ID_SUFFIX
from mmseg_balance.files.walking import find_files


def main(argv: Sequence[str] | None = None) -> None:
    """Count the label files that the command line names."""
    parser = ArgumentParser(description=__doc__.splitlines()[0])
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
        f'{TRAIN_ID_SUFFIX} where there are such files, else .png)',
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
    args = parser.parse_args(argv)
    out_dir = args.out_dir or args.label_dir
    with clear_exit():
        files = _find_labels(args.label_dir, args.suffix)
        names = [_name_in(file, out_dir) for file in files]
        check_replaced(out_dir, names)
        counts = count_label_files(
            files,
            args.num_classes + args.reduce_zero_label,
            args.ignore_index,
            args.nproc,
        )
        classes = [str(c) for c in range(args.num_classes)]
        # the files hold values as they are in the labels; a data set with
        # reduce_zero_label takes 1 from them when it reads the statistics
        write_class_stats(out_dir, names, counts)
        if args.reduce_zero_label:
            counts = counts[:, 1:]
        print_counts(out_dir, counts, classes)
        print(
            'rare class sampling reads them with (not needed where the folder '
            'is data_root of the source)\n'
            f'rare_class_sampling=dict(stats_dir={out_dir.as_posix()!r})'
        )


def _find_labels(folder: Path, suffix: str | None) -> list[Path]:
    if suffix is not None:
        return find_files(folder, suffix)
    files = find_files(folder, '.png')
    train_ids = [f for f in files if f.name.endswith(TRAIN_ID_SUFFIX)]
    return train_ids or files


def _name_in(file: Path, folder: Path) -> str:
    """Path relative to the folder where it is inside, else absolute."""
    file, folder = Path(os.path.abspath(file)), Path(os.path.abspath(folder))
    inside = file.is_relative_to(folder)
    return (file.relative_to(folder) if inside else file).as_posix()


if __name__ == '__main__':
    main()
