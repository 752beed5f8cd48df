"""``mmseg-balance data cityscapes``."""

from argparse import ArgumentParser, Namespace

from ..exits import clear_exit
from .conversion import add_conversion, finish_conversion
from .panoptic import add_panoptic, print_panoptic

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

With --panoptic also the segments of gtFine/*/*_instanceIds.png:

    DATA/gtFine_panoptic/{train,val}/CITY/*_gtFine_panoptic.png
    DATA/gtFine_panoptic/cityscapes_panoptic_{train,val}_trainId.json
    DATA/gtFine_panoptic/cityscapes_panoptic_{train,val}.json

in COCO's panoptic format; the categories of the second two are the ids of
Cityscapes, for its own evaluation.
"""
EXAMPLE = """\
example:
  mmseg-balance data cityscapes data/cityscapes --nproc 8
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of the command."""
    add_conversion(parser, 'gtFine', 'leftImg8bit')
    add_panoptic(parser)


def run(args: Namespace) -> None:
    """Convert the data set that the command line names."""
    from ...datasets.conversion.cityscapes_splits import convert_cityscapes
    from ...datasets.conversion.panoptic.public_sets import (
        write_cityscapes_panoptic,
    )

    where = (
        args.data_root,
        args.label_dir,
        args.image_dir,
        args.out_dir,
        args.nproc,
    )
    with clear_exit():
        train, *others = convert_cityscapes(*where)
        finish_conversion(args, train, others)
        if args.panoptic:
            written = write_cityscapes_panoptic(*where)
            print_panoptic(args, written)
