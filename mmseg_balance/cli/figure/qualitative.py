"""``mmseg-balance figure qualitative``."""

from argparse import ArgumentParser, Namespace
from typing import Any

from ..logits.over_test_set import run_over_test_set
from ..options import positive_int
from .options import add_models, add_page, write
from .test_sets import Tested, build_tested

FILES = ('qualitative.png', 'qualitative.csv', 'qualitative_boxes.csv')
DESCRIPTION = """\
Draw segmentations of a baseline and of a model side by side, with boxes
around what improved, and dashed ones around what became worse (Fig. 4 and 10
of the BLDA paper).

One pass over test_dataloader with both. By default the images are those that
gain the most pixels, one of each third of the test set, so they are no sample
of it; the table says how many pixels each of its images gains and loses.
"""
EXAMPLE = """\
examples:
  mmseg-balance figure qualitative BLDA_CONFIG BLDA_CHECKPOINT \\
      --baseline CONFIG CHECKPOINT --names DACS BLDA
  mmseg-balance figure qualitative BLDA_CONFIG BLDA_CHECKPOINT \\
      --baseline CONFIG CHECKPOINT --images 0001TP_009210 0001TP_009450
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of the command."""
    add_models(parser, required=True)
    parser.set_defaults(statistics=None)
    parser.add_argument(
        '--images',
        nargs='+',
        metavar='NAME',
        help='names of the image files to show',
    )
    parser.add_argument(
        '--count',
        type=positive_int,
        default=3,
        metavar='N',
        help='images that are shown without --images (default: 3)',
    )
    parser.add_argument(
        '--boxes',
        type=positive_int,
        default=3,
        metavar='N',
        help='boxes of either kind in an image, at most (default: 3)',
    )
    add_page(parser, FILES, width='text')


def run(args: Namespace) -> None:
    """Draw, and say what is wrong in one line."""
    run_over_test_set(args, 'figures', build, draw_and_write)


def build(args: Namespace) -> tuple[Any, ...]:
    """Both models, all checked."""
    return (build_tested(args, FILES),)


def draw_and_write(args: Namespace, tested: list[Tested]) -> None:
    """Go over the test set with both, draw, and write."""
    from ...inference.passes.paired_predictions import paired_predictions
    from ...models.declarations import labels_images
    from ...visualization.paper_figures.qualitative import draw_qualitative

    first = tested[0]
    samples, counts = paired_predictions(
        [of.model for of in tested],
        first.dataset,
        args.count,
        args.images,
        first.num_workers,
    )
    improved, worsened = (
        sum(getattr(c, key) for c in counts)
        for key in ('improved', 'worsened')
    )
    labelled = max(sum(c.labelled for c in counts), 1)
    unit = 'images' if labels_images(first.model) else 'pixels'
    print(
        f'{tested[1].name} alone is right on {100 * improved / labelled:.2f} '
        f'% of the labelled {unit}, {first.name} alone on '
        f'{100 * worsened / labelled:.2f} %, over {len(counts)} images'
    )
    meta = first.dataset.metainfo
    drawn = draw_qualitative(
        samples,
        counts,
        [of.name for of in tested],
        meta['classes'],
        meta['palette'],
        args.boxes,
        args.width,
    )
    write(args, drawn.files('qualitative'), FILES)
