"""``mmseg-balance data gta``."""

from argparse import ArgumentParser, Namespace

from ..exits import clear_exit
from .conversion import add_conversion, finish_conversion

DESCRIPTION = """\
Write the train ids and class statistics of GTA (Richter et al., 2016).

Input, as the parts from https://download.visinf.tu-darmstadt.de/data/from_games
unpack:

    DATA/images/00001.png
    DATA/labels/00001.png                  palette images of label ids

Output, beside it or in --out-dir:

    DATA/labels/00001_labelTrainIds.png    of the size of the image
    DATA/sample_class_stats.json, sample_class_stats_dict.json,
        samples_with_class.json
    DATA/conversion_notes.json             labels of another size, images that
                                           are black or white alone, ...

62 labels of the data set have another size than their image. They are
brought to it, also where they were converted before.
"""
EXAMPLE = """\
example:
  mmseg-balance data gta data/gta --nproc 8
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of the command."""
    add_conversion(parser, 'labels', 'images')


def run(args: Namespace) -> None:
    """Convert the data set that the command line names."""
    from ...datasets.conversion.label_conversion import convert_folder
    from ...datasets.conversion.label_scheme import cityscapes_scheme

    with clear_exit():
        conversion = convert_folder(
            cityscapes_scheme(fit_to_image=True),
            args.data_root,
            args.label_dir,
            args.image_dir,
            args.out_dir,
            args.nproc,
        )
        finish_conversion(args, conversion)
