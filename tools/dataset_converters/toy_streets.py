"""Generate toy streets: 19-class street scenes in two domains.

The source domain has GTA's folder layout and class statistics, the target
domain Cityscapes' layout, each with Cityscapes' train ids:

    OUT/toy_gta/images/00001.png
    OUT/toy_gta/labels/00001_labelTrainIds.png
    OUT/toy_gta/sample_class_stats.json, sample_class_stats_dict.json,
        samples_with_class.json
    OUT/toy_cityscapes/leftImg8bit/{train,val}/toy/
        toy_000000_000019_leftImg8bit.png
    OUT/toy_cityscapes/gtFine/{train,val}/toy/
        toy_000000_000019_gtFine_labelTrainIds.png

Images that are there already are kept, so an interrupted run continues.

Usage: python tools/dataset_converters/toy_streets.py --nproc 2
"""

from argparse import ArgumentParser
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path

from mmseg_balance.datasets.conversion.converter_cli import (
    add_nproc,
    class_table,
    clear_exit,
)
from mmseg_balance.datasets.toy_streets import (
    CLASSES,
    ToyStreets,
    generate_toy_streets,
)

_HELP = dict(
    num_source='labelled images of the source domain',
    num_target='training images of the target domain',
    num_val='validation images of the target domain',
    height='rows of the images',
    width='columns of the images',
    seed='same seed and size, same images',
)


def main(argv: Sequence[str] | None = None) -> None:
    """Generate what the command line asks for."""
    parser = ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        'out_dir',
        type=Path,
        nargs='?',
        default=Path('data/toy_streets'),
        help='folder that gets toy_gta and toy_cityscapes '
        '(default: %(default)s)',
    )
    for field in fields(ToyStreets):
        parser.add_argument(
            f'--{field.name.replace("_", "-")}',
            type=int,
            default=field.default,
            help=f'{_HELP[field.name]} (default: %(default)s)',
        )
    add_nproc(parser)
    args = parser.parse_args(argv)
    with clear_exit():
        settings = ToyStreets(**{name: getattr(args, name) for name in _HELP})
        counts = generate_toy_streets(args.out_dir, settings, args.nproc)
    for part, pixels in counts.items():
        print(f'\n{part}: {len(pixels)} images')
        print(class_table(pixels, CLASSES))
    print(f'\ntoy_gta and toy_cityscapes are in {args.out_dir}')


if __name__ == '__main__':
    main()
