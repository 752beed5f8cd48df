"""``mmseg-balance data toy-streets``."""

from argparse import ArgumentParser, Namespace
from pathlib import Path

from ..exits import clear_exit
from ..options import add_nproc

DESCRIPTION = """\
Generate toy streets: 19-class street scenes in three domains.

The source domain has GTA's folder layout and class statistics, the target
domain Cityscapes' layout, and a second source, for trainings on several,
SYNTHIA's layout and its classes (no terrain, truck or train); each with
Cityscapes' train ids:

    OUT/toy_gta/images/00001.png
    OUT/toy_gta/labels/00001_labelTrainIds.png
    OUT/toy_gta/sample_class_stats.json, sample_class_stats_dict.json,
        samples_with_class.json
    OUT/toy_cityscapes/leftImg8bit/{train,val}/toy/
        toy_000000_000019_leftImg8bit.png
    OUT/toy_cityscapes/gtFine/{train,val}/toy/
        toy_000000_000019_gtFine_labelTrainIds.png
    OUT/toy_synthia/RGB/0000001.png
    OUT/toy_synthia/GT/LABELS/0000001_labelTrainIds.png
    OUT/toy_synthia/sample_class_stats.json, ...

Things are told apart in PNG images of segment ids, which JSON files in the
panoptic format of COCO list:

    OUT/toy_gta/panoptic.json, panoptic/00001_panoptic.png
    OUT/toy_cityscapes/gtFine_panoptic/
        cityscapes_panoptic_{train,val}_trainId.json,
        {train,val}/toy/toy_000000_000019_gtFine_panoptic.png
    OUT/toy_synthia/GT/panoptic.json, GT/panoptic/0000001_panoptic.png

What is there already is kept, so an interrupted run continues, and streets
that an earlier version drew get their segments.

With --label-shift 4 things of classes that are rare in the source are four
times as frequent on the streets of the target, and those of frequent ones
(cars, trees and lamps) four times less; with 0.25 the other way round. The
streets are the same otherwise, and so is the source. The last table says how
far the frequencies of the pixels are from the source's. A shift has a folder
of its own: no other is written to it.
"""
EXAMPLE = """\
examples:
  mmseg-balance data toy-streets data/toy_streets --num-source 100 --nproc 2
  mmseg-balance data toy-streets data/toy_streets_4 --label-shift 4
"""
# defaults are those of ToyStreets, which a parser cannot ask at once
SETTINGS = dict(
    num_source=(160, 'labelled images of the source domain'),
    num_target=(100, 'training images of the target domain'),
    num_val=(40, 'validation images of the target domain'),
    num_second=(80, 'labelled images of the second source, 0 for none'),
    height=(256, 'rows of the images'),
    width=(512, 'columns of the images'),
    seed=(0, 'same seed and size, same images'),
    label_shift=(
        1.0,
        'how many times as frequent rare things are in the target',
    ),
)


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument(
        'out_dir',
        type=Path,
        nargs='?',
        default=Path('data/toy_streets'),
        help='folder that gets toy_gta, toy_cityscapes and toy_synthia '
        '(default: %(default)s)',
    )
    for name, (default, what) in SETTINGS.items():
        parser.add_argument(
            f'--{name.replace("_", "-")}',
            type=type(default),
            default=default,
            help=f'{what} (default: %(default)s)',
        )
    add_nproc(parser)


def run(args: Namespace) -> None:
    """Generate what the command line asks for."""
    from ...datasets.class_statistics.shift import shift_table
    from ...datasets.class_statistics.table import class_table
    from ...datasets.toy_streets import (
        CLASSES,
        ToyStreets,
        generate_toy_streets,
    )

    with clear_exit():
        settings = ToyStreets(**{k: getattr(args, k) for k in SETTINGS})
        counts = generate_toy_streets(args.out_dir, settings, args.nproc)
    for part, pixels in counts.items():
        print(f'\n{part}: {len(pixels)} images')
        print(class_table(pixels, CLASSES))
    totals = {part: pixels.sum(axis=0) for part, pixels in counts.items()}
    source = totals.pop('source train')
    targets = {k: v for k, v in totals.items() if k.startswith('target')}
    print(f'\nlabel shift {settings.label_shift:g}')
    print(shift_table(source, targets, CLASSES))
    folders = 'toy_gta, toy_cityscapes'
    folders += ', toy_synthia' if settings.num_second else ''
    print(f'\n{folders} are in {args.out_dir}')
