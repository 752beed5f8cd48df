"""Write the train ids and class statistics of Cityscapes.

Input, as gtFine_trainvaltest.zip from https://www.cityscapes-dataset.com
unpacks:

    DATA/gtFine/{train,val}/CITY/*_gtFine_labelIds.png

with ``--gt-dir gtCoarse`` also the coarse labels, ``train_extra`` included.

Output, beside it or in ``--out-dir``:

    DATA/gtFine/{train,val}/CITY/*_gtFine_labelTrainIds.png
    DATA/sample_class_stats.json, sample_class_stats_dict.json,
        samples_with_class.json            of the train split
    DATA/conversion_notes.json             labels without image, ...

Usage: python tools/dataset_converters/cityscapes.py data/cityscapes --nproc 8
"""

from collections.abc import Sequence
from pathlib import Path

from mmseg_balance.datasets.conversion.converter_cli import (
    clear_exit,
    conversion_parser,
    finish_conversion,
)
from mmseg_balance.datasets.conversion.label_conversion import convert_folder
from mmseg_balance.datasets.conversion.label_scheme import cityscapes_scheme

REQUIRED = ('train', 'val')
OPTIONAL = ('train_extra',)


def main(argv: Sequence[str] | None = None) -> None:
    """Convert the data set that the command line names."""
    args = conversion_parser(
        __doc__.splitlines()[0], 'gtFine', 'leftImg8bit'
    ).parse_args(argv)
    scheme = cityscapes_scheme(
        suffix='_labelIds.png',
        tag=f'_{Path(args.label_dir).name}',
        image_suffix='_leftImg8bit.png',
    )
    with clear_exit():
        converted = []
        for split in _splits(args.data_root / args.label_dir):
            try:
                conversion = convert_folder(
                    scheme,
                    args.data_root,
                    f'{args.label_dir}/{split}',
                    f'{args.image_dir}/{split}',
                    args.out_dir,
                    args.nproc,
                )
            except FileNotFoundError as error:
                raise FileNotFoundError(
                    f'{error}; unpack gtFine_trainvaltest.zip from '
                    'https://www.cityscapes-dataset.com/downloads/ in '
                    f'{args.data_root}'
                ) from None
            converted.append(conversion)
        finish_conversion(args, converted[0], converted[1:])


def _splits(folder: Path) -> list[str]:
    return [*REQUIRED, *(s for s in OPTIONAL if (folder / s).is_dir())]


if __name__ == '__main__':
    main()
