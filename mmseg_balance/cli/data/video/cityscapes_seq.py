"""``mmseg-balance data cityscapes-seq``."""

from argparse import ArgumentParser, Namespace

from ...exits import clear_exit
from ..conversion import add_conversion, finish_conversion

DESCRIPTION = """\
Write the train ids of Cityscapes, and which frames of its sequences have them.

Input, as the zip files from https://www.cityscapes-dataset.com unpack:

    DATA/gtFine/{train,val}/CITY/*_gtFine_labelIds.png
    DATA/leftImg8bit/{train,val}/CITY/*_leftImg8bit.png
    DATA/leftImg8bit_sequence/{train,val}/CITY/*_leftImg8bit.png

Methods on single images need no sequence: the labelled frame of a snippet is
the image in leftImg8bit. Its number is 000019 in some cities only.

Output, beside it or in --out-dir:

    DATA/gtFine/{train,val}/CITY/*_gtFine_labelTrainIds.png
    DATA/labelled_frames_{train,val}.txt   "CITY/CITY_000000_000019" a line
    DATA/sample_class_stats.json, ...      as of `data cityscapes`
"""
EXAMPLE = """\
example:
  mmseg-balance data cityscapes-seq data/cityscapes --nproc 8
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of the command."""
    add_conversion(parser, 'gtFine', 'leftImg8bit')
    parser.add_argument(
        '--sequence-dir',
        default='leftImg8bit_sequence',
        help='folder of all frames in it, which may be missing (default: '
        '%(default)s)',
    )


def run(args: Namespace) -> None:
    """Convert the data set that the command line names."""
    from ....datasets.conversion.cityscapes_splits import convert_cityscapes
    from ....datasets.conversion.video.labelled_frames import write_frame_lists

    with clear_exit():
        conversions = convert_cityscapes(
            args.data_root,
            args.label_dir,
            args.image_dir,
            args.out_dir,
            args.nproc,
        )
        finish_conversion(args, conversions[0], conversions[1:])
        lines = write_frame_lists(
            conversions,
            args.out_dir or args.data_root,
            args.data_root / args.sequence_dir,
        )
        print('\n'.join(['', *lines]))
