"""``mmseg-balance data synthia``."""

from argparse import ArgumentParser, Namespace

from ..exits import clear_exit
from .conversion import add_conversion, finish_conversion
from .panoptic import add_panoptic, print_panoptic

DESCRIPTION = """\
Write the train ids and class statistics of SYNTHIA-RAND-CITYSCAPES.

Input (Ros et al., 2016; https://synthia-dataset.net):

    DATA/RGB/0000000.png
    DATA/GT/LABELS/0000000.png     16 bit, class id in the first channel

Output, beside it or in --out-dir:

    DATA/GT/LABELS/0000000_labelTrainIds.png
    DATA/sample_class_stats.json, sample_class_stats_dict.json,
        samples_with_class.json
    DATA/conversion_notes.json     images that are black or white alone, ...

The train ids are Cityscapes' 19; terrain, truck and train have no pixels.

With --panoptic also the segments, for panoptic data sets:

    DATA/GT/panoptic/0000000_panoptic.png  ids of segments as colours
    DATA/GT/panoptic.json                  COCO's panoptic format

Each pair of a thing class and an instance number is a segment.
"""
EXAMPLE = """\
example:
  mmseg-balance data synthia data/synthia --nproc 8
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of the command."""
    add_conversion(parser, 'GT/LABELS', 'RGB')
    add_panoptic(parser)


def run(args: Namespace) -> None:
    """Convert the data set that the command line names."""
    from ...datasets.conversion.label_conversion import convert_folder
    from ...datasets.conversion.panoptic.public_sets import (
        write_synthia_panoptic,
    )
    from ...datasets.conversion.synthia_labels import SYNTHIA_LABELS

    where = (
        args.data_root,
        args.label_dir,
        args.image_dir,
        args.out_dir,
        args.nproc,
    )
    with clear_exit():
        conversion = convert_folder(SYNTHIA_LABELS, *where)
        finish_conversion(args, conversion)
        if args.panoptic:
            written = write_synthia_panoptic(*where)
            print_panoptic(args, [written])
