"""``mmseg-balance data cityscapes``."""

from argparse import ArgumentParser, Namespace

from ..exits import clear_exit
from .conversion import add_conversion, finish_conversion

DESCRIPTION = """\
Write the train ids and class statistics of Cityscapes.

Input, as gtFine_trainvaltest.zip from https://www.cityscapes-dataset.com
unpacks:

    DATA/gtFine/{train,val}/CITY/*_gtFine_labelIds.png

with --gt-dir gtCoarse also the coarse labels, train_extra included.

Output, beside it or in --out-dir:

    DATA/gtFine/{train,val}/CITY/*_gtFine_labelTrainIds.png
    DATA/sample_class_stats.json, sample_class_stats_dict.json,
        samples_with_class.json            of the train split
    DATA/conversion_notes.json             labels without image, ...
"""
EXAMPLE = """\
example:
  mmseg-balance data cityscapes data/cityscapes --nproc 8
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of the command."""
    add_conversion(parser, 'gtFine', 'leftImg8bit')


def run(args: Namespace) -> None:
    """Convert the data set that the command line names."""
    from ...datasets.conversion.cityscapes_splits import convert_cityscapes

    with clear_exit():
        train, *others = convert_cityscapes(
            args.data_root,
            args.label_dir,
            args.image_dir,
            args.out_dir,
            args.nproc,
        )
        finish_conversion(args, train, others)
