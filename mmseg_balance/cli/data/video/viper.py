"""``mmseg-balance data viper``."""

from argparse import ArgumentParser, Namespace

from ...exits import clear_exit
from ...options import positive_int
from ..conversion import add_conversion, finish_conversion

DESCRIPTION = """\
Write the train ids and class statistics of VIPER (Richter et al., 2017).

Input, as the parts from https://playing-for-benchmarks.org unpack:

    DATA/train/img/001/001_00010.jpg
    DATA/train/cls/001/001_00010.png       indexed images of class ids

Output, beside it or in --out-dir:

    DATA/train/cls/001/001_00010_labelTrainIds.png
    DATA/sample_class_stats.json, sample_class_stats_dict.json,
        samples_with_class.json
    DATA/conversion_notes.json             images without a class, ...

All frames are labelled. As in public code only those whose number ends in 0
are converted, counted and trained: 13,367 frames of 77 sequences.

Files of colours are refused: van and train share one. Train ids are
Cityscapes' 19; wall, pole and rider have no pixels, and vans are ignored.
VIPERDataset reads them as the 15 classes shared with Cityscapes.
"""
EXAMPLE = """\
examples:
  mmseg-balance data viper data/viper --nproc 8
  mmseg-balance data viper data/viper --ignore-ego-car --nproc 8
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of the command."""
    add_conversion(parser, 'train/cls', 'train/img')
    parser.add_argument(
        '--every',
        type=positive_int,
        default=10,
        help='convert frames whose number is a multiple of it, of which '
        'VIPERDataset has an argument, too (default: %(default)s)',
    )
    parser.add_argument(
        '--ignore-ego-car',
        action='store_true',
        help='ignore the car that the camera is in, the connected car at the '
        'middle of the lowest row (as DA-VSN, TPS and CMOM do; UVDA, of '
        'whose settings the rows of MIC and HRDA are, does not)',
    )


def run(args: Namespace) -> None:
    """Convert the data set that the command line names."""
    from ....datasets.conversion.label_conversion import convert_folder
    from ....datasets.conversion.video.viper_labels import viper_scheme

    with clear_exit():
        conversion = convert_folder(
            viper_scheme(args.every, ego_car=not args.ignore_ego_car),
            args.data_root,
            args.label_dir,
            args.image_dir,
            args.out_dir,
            args.nproc,
        )
        finish_conversion(args, conversion)
