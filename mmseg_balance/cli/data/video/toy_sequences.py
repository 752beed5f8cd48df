"""``mmseg-balance data toy-sequences``."""

from argparse import ArgumentParser, Namespace
from pathlib import Path

from ...exits import clear_exit
from ...options import add_nproc

DESCRIPTION = """\
Generate toy streets that move: short sequences with their exact optical flow.

The camera drives or stands, vehicles and people move. The source domain has
VIPER's layout and class statistics, the target domain that of Cityscapes-Seq;
every frame is labelled with Cityscapes' train ids:

    OUT/toy_viper/train/img/000/000_00000.png
    OUT/toy_viper/train/cls/000/000_00000_labelTrainIds.png
    OUT/toy_viper/train/flow/000/000_00001.png
    OUT/toy_viper/sample_class_stats.json, ...
    OUT/toy_cityscapes_seq/leftImg8bit_sequence/{train,val}/toy/
        toy_000000_000000_leftImg8bit.png
    OUT/toy_cityscapes_seq/gtFine/{train,val}/toy/
        toy_000000_000000_gtFine_labelTrainIds.png
    OUT/toy_cityscapes_seq/flow/{train,val}/toy/toy_000000_000001.png

Flow lies on the grid of the frame that it is named after, points to the frame
before it, and is valid where a pixel is seen there (KITTI's PNG). What is
there already is kept, so an interrupted run continues.
"""
EXAMPLE = """\
example:
  mmseg-balance data toy-sequences data/toy_sequences --nproc 2
"""
# defaults are those of ToySequences, which a parser cannot ask at once
SETTINGS = dict(
    num_source=(16, 'labelled sequences of the source domain'),
    num_target=(12, 'training sequences of the target domain'),
    num_val=(4, 'validation sequences of the target domain'),
    frames=(6, 'frames of each sequence'),
    height=(192, 'rows of the images'),
    width=(384, 'columns of the images'),
    seed=(0, 'same seed and size, same sequences'),
)


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument(
        'out_dir',
        type=Path,
        nargs='?',
        default=Path('data/toy_sequences'),
        help='folder that gets toy_viper and toy_cityscapes_seq '
        '(default: %(default)s)',
    )
    for name, (default, what) in SETTINGS.items():
        parser.add_argument(
            f'--{name.replace("_", "-")}',
            type=int,
            default=default,
            help=f'{what} (default: %(default)s)',
        )
    add_nproc(parser)


def run(args: Namespace) -> None:
    """Generate what the command line asks for."""
    from ....datasets.class_statistics.table import class_table
    from ....datasets.toy_streets import (
        CLASSES,
        ToySequences,
        generate_toy_sequences,
    )

    with clear_exit():
        settings = ToySequences(**{k: getattr(args, k) for k in SETTINGS})
        counts = generate_toy_sequences(args.out_dir, settings, args.nproc)
    for part, pixels in counts.items():
        print(f'\n{part}: {len(pixels)} frames')
        print(class_table(pixels, CLASSES))
    print(f'\ntoy_viper, toy_cityscapes_seq are in {args.out_dir}')
