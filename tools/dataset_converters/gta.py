"""Write the train ids and class statistics of GTA (Richter et al., 2016).

Input, as the parts from https://download.visinf.tu-darmstadt.de/data/from_games
unpack:

    DATA/images/00001.png
    DATA/labels/00001.png                  palette images of label ids

Output, beside it or in ``--out-dir``:

    DATA/labels/00001_labelTrainIds.png    of the size of the image
    DATA/sample_class_stats.json, sample_class_stats_dict.json,
        samples_with_class.json
    DATA/conversion_notes.json             labels of another size, images that
                                           are black or white alone, ...

62 labels of the data set have another size than their image. They are
brought to it, also where they were converted before.

Usage: python tools/dataset_converters/gta.py data/gta --nproc 8
"""

from collections.abc import Sequence

from mmseg_balance.datasets.conversion.converter_cli import (
    clear_exit,
    conversion_parser,
    finish_conversion,
)
from mmseg_balance.datasets.conversion.label_conversion import convert_folder
from mmseg_balance.datasets.conversion.label_scheme import cityscapes_scheme

GTA_LABELS = cityscapes_scheme(fit_to_image=True)


def main(argv: Sequence[str] | None = None) -> None:
    """Convert the data set that the command line names."""
    args = conversion_parser(
        __doc__.splitlines()[0], 'labels', 'images'
    ).parse_args(argv)
    with clear_exit():
        conversion = convert_folder(
            GTA_LABELS,
            args.data_root,
            args.label_dir,
            args.image_dir,
            args.out_dir,
            args.nproc,
        )
        finish_conversion(args, conversion)


if __name__ == '__main__':
    main()
