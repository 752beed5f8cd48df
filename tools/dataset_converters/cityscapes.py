"""Write the train ids and class statistics of Cityscapes.

Input, as gtFine_trainvaltest.zip from https://www.cityscapes-dataset.com
unpacks:

    DATA/gtFine/{train,val}/CITY/*_gtFine_labelIds.png

Output, beside it or in ``--out-dir``:

    DATA/gtFine/{train,val}/CITY/*_gtFine_labelTrainIds.png
    DATA/sample_class_stats.json, sample_class_stats_dict.json,
        samples_with_class.json            of the train split

Usage: python tools/dataset_converters/cityscapes.py data/cityscapes --nproc 8
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

CITYSCAPES_LABELS = LabelScheme(
    train_ids=CITYSCAPES_TRAIN_IDS,
    ignored_ids=CITYSCAPES_IGNORED_IDS,
    suffix='_labelIds.png',
)


def main(argv: Sequence[str] | None = None) -> None:
    """Convert the data set that the command line names."""
    args = conversion_parser(__doc__.splitlines()[0], 'gtFine').parse_args(
        argv
    )
    out_root = args.out_dir or args.data_root
    with clear_exit():
        converted = {}
        for split in ('train', 'val'):
            try:
                converted[split] = convert_folder(
                    CITYSCAPES_LABELS,
                    args.data_root,
                    f'{args.label_dir}/{split}',
                    out_root,
                    args.nproc,
                )
            except FileNotFoundError as error:
                raise FileNotFoundError(
                    f'{error}; unpack gtFine_trainvaltest.zip from '
                    'https://www.cityscapes-dataset.com/downloads/ in '
                    f'{args.data_root}'
                ) from None
        files, counts = converted['train']
        finish(out_root, files, counts, CLASSES)


if __name__ == '__main__':
    main()
