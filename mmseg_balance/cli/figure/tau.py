"""``mmseg-balance figure tau``."""

import json
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import Any

from ...errors import UserFileNotFoundError, UserValueError
from ..logits import sweep_tau
from ..logits.over_test_set import run_over_test_set
from .options import add_model, add_page, run_on_files, write

FILES = ('tau.png', 'tau.csv')
DESCRIPTION = """\
Draw mIoU, mAcc and their std over the scale tau of post-hoc balancing (Fig. 5
of the BLDA paper).

One pass over test_dataloader, as `logits sweep-tau` makes it; or none, with
the file that it wrote.
"""
EXAMPLE = """\
examples:
  mmseg-balance figure tau CONFIG CHECKPOINT --statistics statistics.pth
  mmseg-balance figure tau CONFIG CHECKPOINT --sweep tau_sweep.json
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of the command."""
    add_model(parser)
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument(
        '--statistics',
        metavar='FILE',
        help='file of `logits fit`, or a checkpoint of a training with '
        'BLDALoss',
    )
    source.add_argument(
        '--sweep',
        metavar='FILE',
        help='tau_sweep.json of `logits sweep-tau`, of this checkpoint',
    )
    sweep_tau.add_sweep_options(parser)
    add_page(parser, FILES)


def run(args: Namespace) -> None:
    """Draw, and say what is wrong in one line."""
    if args.sweep:
        folder = Path(args.sweep).parent
        run_on_files(args, folder, lambda: draw_file(args))
    else:
        run_over_test_set(args, 'figures', build, sweep_and_write)


def build(args: Namespace) -> tuple[Any, ...]:
    """What the pass needs, all checked."""
    return sweep_tau.build(args, FILES)


def draw_file(args: Namespace) -> None:
    """Draw a sweep that was made before."""
    from ...runs.out_files import check_out, make_folder

    check_out(args.out, FILES, args.overwrite)
    if not Path(args.sweep).is_file():
        raise UserFileNotFoundError(
            f'--sweep {args.sweep} is no file: make it with mmseg-balance '
            'logits sweep-tau'
        )
    try:
        content = json.loads(Path(args.sweep).read_text())
        if 'labels' in content and not content['labels']:
            raise UserValueError(
                f'--sweep {args.sweep} was made without labels, and has no '
                'scores to draw: sweep with labels'
            )
        scores, checkpoint = content['scores'], content['checkpoint']
        needed = {'tau', 'aAcc', 'mAcc', 'Acc_std'}
        needed |= {*scores[0]}  # of classifiers there is no IoU
        complete = bool(scores) and all(needed <= {*row} for row in scores)
    except UserValueError:
        raise
    except (ValueError, KeyError, TypeError) as error:
        raise UserValueError(
            f'--sweep {args.sweep} is no tau_sweep.json of mmseg-balance '
            f'logits sweep-tau ({type(error).__name__}: {error})'
        ) from error
    if not complete:
        raise UserValueError(
            f'--sweep {args.sweep} lacks scores: sweep with mmseg-balance '
            'logits sweep-tau'
        )
    if Path(checkpoint).resolve() != Path(args.checkpoint).resolve():
        raise UserValueError(
            f'--sweep {args.sweep} is of {checkpoint}, not of '
            f'{args.checkpoint}: sweep it with mmseg-balance logits sweep-tau'
        )
    make_folder(args.out)
    draw_and_write(args, scores)


def sweep_and_write(
    args: Namespace, cfg: Any, model: Any, dataset: Any, sweep: Any
) -> None:
    """Go over the test set once, draw, and write."""
    from ...inference.passes.tau_pass import sweep_scores

    draw_and_write(args, sweep_scores(cfg, model, dataset, sweep))


def draw_and_write(args: Namespace, scores: list[dict]) -> None:
    """Print the scores, draw and write them."""
    from ...evaluation.tau_sweep import best_taus, sweep_text
    from ...visualization.paper_figures.tau import draw_tau

    print(sweep_text(scores))
    drawn = draw_tau(scores, best_taus(scores), args.width)
    write(args, drawn.files('tau'), FILES)
