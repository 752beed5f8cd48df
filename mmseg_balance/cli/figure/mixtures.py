"""``mmseg-balance figure mixtures``."""

from argparse import ArgumentParser, Namespace
from pathlib import Path

from ...errors import UserValueError
from .options import (
    add_classes,
    add_page,
    chosen,
    run_on_files,
    write,
)

FILES = ('mixtures.png', 'mixtures.csv', 'mixtures_curves.csv')
DESCRIPTION = """\
Draw the estimated mixtures of logit l on the pixels of class c, a cell for
each pair of classes (Fig. 7 and 8 of the BLDA paper).

A training with BLDALoss has them in its checkpoints; those of any other
model are fitted by `logits fit`.
"""
EXAMPLE = """\
examples:
  mmseg-balance figure mixtures work_dirs/my_blda/iter_40000.pth
  mmseg-balance figure mixtures logit_statistics.pth --domain source \\
      --classes road car train
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument(
        'statistics',
        help='checkpoint of a training with BLDALoss, or file of `logits fit`',
    )
    parser.add_argument(
        '--domain',
        choices=['target', 'source'],
        default='target',
        help='whose mixtures (default: target)',
    )
    add_classes(parser, 'all; of more than 24 the most biased')
    parser.add_argument(
        '--range',
        nargs=2,
        type=float,
        metavar=('LOW', 'HIGH'),
        help='logits at the ends of a cell, to compare two pictures; by '
        'default where the mixtures are',
    )
    add_page(parser, FILES, 'figures beside the file', 'text')


def run(args: Namespace) -> None:
    """Draw, and say what is wrong in one line."""
    folder = Path(args.statistics).parent
    run_on_files(args, folder, lambda: draw_and_write(args))


def draw_and_write(args: Namespace) -> None:
    """Read the mixtures, draw, and write."""
    from ...inference.passes.model_logits import read_model_logits
    from ...progress import track
    from ...runs.out_files import check_out, make_folder
    from ...visualization.paper_figures.distributions.mixtures import (
        draw_mixtures,
    )

    check_out(args.out, FILES, args.overwrite)
    if args.range and not args.range[0] < args.range[1]:
        low, high = args.range
        raise UserValueError(
            f'Expected --range LOW HIGH with LOW below HIGH, but got {low:g} '
            f'{high:g}'
        )
    model = read_model_logits(args.statistics, args.domain, track=track)
    classes = chosen(args, model.classes)
    make_folder(args.out)
    drawn = draw_mixtures(model, classes, args.range, args.width)
    write(args, drawn.files('mixtures'), FILES)
