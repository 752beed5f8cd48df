"""``mmseg-balance data toy-objects``."""

from argparse import ArgumentParser, Namespace
from pathlib import Path

from ...exits import clear_exit
from ...options import add_nproc

DESCRIPTION = """\
Generate toy objects: images of 12 classes in two domains.

They have the classes and the folders of VisDA-2017: renderings on plain
backgrounds in train, and in validation what stands in for photographs, with
clutter, other views, blur and noise. Some classes change more than others:

    OUT/train/aeroplane/00001.png
    OUT/validation/aeroplane/00001.png
    OUT/image_list/train.txt, image_list/validation.txt

What is there already is kept, so an interrupted run continues.
"""
EXAMPLE = """\
example:
  mmseg-balance data toy-objects data/toy_objects --nproc 2
"""
# defaults are those of ToyObjects, which a parser cannot ask at once
SETTINGS = dict(
    num_source=(50, 'renderings of each class'),
    num_target=(40, 'photographs of each class'),
    imbalance=(
        1,
        'how often the most frequent class comes for each image of the '
        'rarest; what is frequent in one domain is rare in the other',
    ),
    size=(64, 'rows and columns of the images'),
    seed=(0, 'same seed and size, same images'),
)


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument(
        'out_dir',
        type=Path,
        nargs='?',
        default=Path('data/toy_objects'),
        help='folder that gets train, validation and image_list (default: '
        '%(default)s)',
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
    from ....datasets.toy_objects import (
        CLASSES,
        ToyObjects,
        generate_toy_objects,
    )

    with clear_exit():
        settings = ToyObjects(**{k: getattr(args, k) for k in SETTINGS})
        counts = generate_toy_objects(args.out_dir, settings, args.nproc)
    width = max(map(len, CLASSES))
    print(f'{"class":{width}}  {"  ".join(counts)}')
    for name in CLASSES:
        numbers = (f'{n[name]:{len(domain)}}' for domain, n in counts.items())
        print(f'{name:{width}}  {"  ".join(numbers)}')
    print(f'\ntrain, validation and image_list are in {args.out_dir}')
