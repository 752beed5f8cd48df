"""``mmseg-balance figure confusion``."""

from argparse import ArgumentParser, Namespace
from typing import Any

from ..logits.over_test_set import run_over_test_set
from .options import add_classes, add_models, add_page, chosen, write
from .test_sets import Tested, build_tested

FILES = ('confusion.png', 'confusion.csv')
DESCRIPTION = """\
Draw the confusion matrix of a model, or how it differs from that of a
baseline (Fig. 4a of the GBW paper).

One pass over test_dataloader of each model. Each row is in percent of the
pixels (of a classifier, of the images) of its true class: the diagonal is the
recall.
"""
EXAMPLE = """\
examples:
  mmseg-balance figure confusion CONFIG CHECKPOINT --width text
  mmseg-balance figure confusion GBW_CONFIG GBW_CHECKPOINT \\
      --baseline CONFIG CHECKPOINT --names HRDA 'HRDA + GBW'
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of the command."""
    add_models(parser)
    parser.set_defaults(statistics=None)
    add_classes(
        parser,
        'all; of more than 40 the 20 whose recall differs the most, or is '
        'lowest',
    )
    add_page(parser, FILES)


def run(args: Namespace) -> None:
    """Draw, and say what is wrong in one line."""
    run_over_test_set(args, 'figures', build, draw_and_write)


def build(args: Namespace) -> tuple[Any, ...]:
    """Models and classes, all checked."""
    tested = build_tested(args, FILES)
    return tested, chosen(args, tested[0].dataset.metainfo['classes'])


def draw_and_write(
    args: Namespace, tested: list[Tested], classes: Any
) -> None:
    """Go over the test sets, draw, and write."""
    from ...inference.passes.confusion_pass import measure_confusion
    from ...models.declarations import labels_images
    from ...visualization.paper_figures.confusion import draw_confusion

    counts = {}
    for of in tested:
        print(f'{of.name}: {len(of.dataset)} images', flush=True)
        counts[of.name] = measure_confusion(
            of.model, of.dataset, of.num_workers
        ).numpy()
    names = tested[0].dataset.metainfo['classes']
    unit = 'images' if labels_images(tested[0].model) else 'pixels'
    drawn = draw_confusion(counts, names, classes, args.width, unit)
    write(args, drawn.files('confusion'), FILES)
