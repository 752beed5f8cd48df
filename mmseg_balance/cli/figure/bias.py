"""``mmseg-balance figure bias``."""

from argparse import ArgumentParser, Namespace
from typing import Any

from ..logits.over_test_set import run_over_test_set
from ..options import add_min_samples
from .options import (
    add_classes,
    add_model,
    add_page,
    chosen,
    note_left_out,
    write,
)
from .test_sets import Tested, build_tested, read_anchors

FILES = (
    'bias.png',
    'bias.csv',
    'bias_distributions.csv',
    'bias_ranks.csv',
)
DESCRIPTION = """\
Draw the logits of every class, and the bias towards it, in one order (Fig. 1c
and 1d of the BLDA paper).

One pass over test_dataloader with its labels. Prints how the ranks of the
bias agree with those of the logits.
"""
EXAMPLE = """\
example:
  mmseg-balance figure bias CONFIG CHECKPOINT --out figures_of_mine
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of the command."""
    add_model(parser)
    parser.add_argument(
        '--statistics',
        nargs=1,
        metavar='FILE',
        help='take the anchors from FILE, which `logits fit` wrote, or a '
        'checkpoint trained with BLDALoss; by default they are fitted to the '
        'test set itself',
    )
    add_min_samples(parser)
    add_classes(parser, 'all; of more than 40 the 15 at either end')
    add_page(parser, FILES)


def run(args: Namespace) -> None:
    """Draw, and say what is wrong in one line."""
    run_over_test_set(args, 'figures', build, draw_and_write)


def build(args: Namespace) -> tuple[Any, ...]:
    """Model, classes and anchors, all checked."""
    tested = build_tested(args, FILES)
    classes = chosen(args, tested[0].dataset.metainfo['classes'])
    return *tested, classes, *read_anchors(args, tested)


def draw_and_write(
    args: Namespace, of: Tested, classes: Any, anchors: Any
) -> None:
    """Go over the test set, draw, write, and say how the ranks agree."""
    from ...inference.passes.model_logits import measure_model_logits
    from ...logits.bias import mixture_bias
    from ...progress import track
    from ...visualization.paper_figures import draw_bias

    measured = measure_model_logits(
        of.model,
        of.dataset,
        of.name,
        of.num_workers,
        anchors,
        track,
        args.min_samples,
    )
    by_mixtures = mixture_bias(measured.bank, track)
    drawn = draw_bias(measured, by_mixtures, classes, args.width)
    absent = [c for c in classes or () if measured.bias[c].isnan()]
    note_left_out(
        [measured.classes[c] for c in absent],
        'no pixel of the test set has this label',
    )
    for name, correlation, count in drawn.tables['_ranks'].rows:
        print(
            f'rank correlation (Spearman) of the bias with the {name}: '
            f'{correlation:+.2f} over {count} classes'
        )
    write(args, drawn.files('bias'), FILES)
