"""``mmseg-balance figure logits``."""

from argparse import ArgumentParser, Namespace
from typing import Any

from ..logits.over_test_set import run_over_test_set
from ..options import add_min_samples, positive_int
from .options import add_classes, add_models, add_page, chosen, write
from .test_sets import Tested, build_tested, read_anchors

FILES = ('logits.png', 'logits.csv', 'logits_mixtures.csv')
DESCRIPTION = """\
Draw the logits of over- and under-predicted classes beside the anchors
(Fig. 6 and 9 of the BLDA paper).

One pass over test_dataloader of each model: histograms of the logit of a
class on its own pixels and on those of the other classes, each of which
counts the same; the mixtures fitted to them; and the anchors, of each model
by itself.
"""
EXAMPLE = """\
examples:
  mmseg-balance figure logits CONFIG CHECKPOINT
  mmseg-balance figure logits BLDA_CONFIG BLDA_CHECKPOINT \\
      --baseline CONFIG CHECKPOINT --classes building 'traffic sign'
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of the command."""
    add_models(parser)
    parser.add_argument(
        '--statistics',
        nargs='+',
        metavar='FILE',
        help='take the anchors from FILE, which `logits fit` wrote, or a '
        'checkpoint trained with BLDALoss; one for each model, the baseline '
        'first; by default they are fitted to the test set itself',
    )
    add_min_samples(parser)
    add_classes(parser, 'those of the largest bias of the first model')
    parser.add_argument(
        '--count',
        type=positive_int,
        default=2,
        metavar='N',
        help='over- and under-predicted classes that are shown, N of each '
        '(default: 2)',
    )
    add_page(parser, FILES)


def run(args: Namespace) -> None:
    """Draw, and say what is wrong in one line."""
    run_over_test_set(args, 'figures', build, draw_and_write)


def build(args: Namespace) -> tuple[Any, ...]:
    """Models, classes and anchors, all checked."""
    tested = build_tested(args, FILES)
    classes = chosen(args, tested[0].dataset.metainfo['classes'])
    return tested, classes, read_anchors(args, tested)


def draw_and_write(
    args: Namespace, tested: list[Tested], classes: Any, anchors: list
) -> None:
    """Go over the test sets, draw, and write."""
    from ...inference.passes.model_logits import measure_model_logits
    from ...progress import track
    from ...visualization.paper_figures import draw_logits

    measured = []
    for of, own in zip(tested, anchors, strict=True):
        print(f'{of.name}: {len(of.dataset)} images', flush=True)
        measured.append(
            measure_model_logits(
                of.model,
                of.dataset,
                of.name,
                of.num_workers,
                own,
                track,
                args.min_samples,
            )
        )
    drawn = draw_logits(measured, classes, args.count, args.width)
    write(args, drawn.files('logits'), FILES)
