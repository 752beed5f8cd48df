"""Write the train ids and class statistics of GTA (Richter et al., 2016).

Input, as the parts from https://download.visinf.tu-darmstadt.de/data/from_games
unpack:

    DATA/images/00001.png
    DATA/labels/00001.png                  palette images of label ids

Output, beside it or in ``--out-dir``:

    DATA/labels/00001_labelTrainIds.png
    DATA/sample_class_stats.json, sample_class_stats_dict.json,
        samples_with_class.json

Usage: python tools/dataset_converters/gta.py data/gta --nproc 8
"""

from collections.abc import Sequence

from mmseg_balance.datasets.conversion import (
    CITYSCAPES_IGNORED_IDS,
    CITYSCAPES_TRAIN_IDS,
    CLASSES,
    LabelScheme,
    convert_folder,
)
from mmseg_balance.datasets.converter_cli import (
    clear_exit,
    conversion_parser,
    finish,
)

# 34 is the licence plate, which has no id of its own in Cityscapes (-1)
GTA_LABELS = LabelScheme(
    train_ids=CITYSCAPES_TRAIN_IDS,
    ignored_ids=(*CITYSCAPES_IGNORED_IDS, 34, 255),
)


def main(argv: Sequence[str] | None = None) -> None:
    """Convert the data set that the command line names."""
    args = conversion_parser(__doc__.splitlines()[0], 'labels').parse_args(
        argv
    )
    out_root = args.out_dir or args.data_root
    with clear_exit():
        files, counts = convert_folder(
            GTA_LABELS, args.data_root, args.label_dir, out_root, args.nproc
        )
        finish(out_root, files, counts, CLASSES)


if __name__ == '__main__':
    main()
