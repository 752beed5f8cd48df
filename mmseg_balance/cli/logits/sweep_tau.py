"""``mmseg-balance logits sweep-tau``."""

import json
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ...errors import UserValueError
from ..options import (
    add_cfg_options,
    add_data_root,
    add_device,
    add_out_folder,
    add_part,
)
from .over_test_set import build_model_and_test_set, origin, run_over_test_set

FILES = ('tau_sweep.json', 'tau_sweep.png')
DESCRIPTION = """\
Scores of post-hoc class balancing over its scale tau.

One pass over test_dataloader gives mIoU, mAcc and their std over classes for
every tau (Eq. 7 and Fig. 5 of the BLDA paper).
"""
EXAMPLE = """\
example:
  mmseg-balance logits sweep-tau CONFIG CHECKPOINT \\
      work_dirs/my_config/logit_statistics.pth --taus 0 0.25 0.5 1
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument('config', help='config file, or a name of `configs`')
    parser.add_argument('checkpoint', help='checkpoint file')
    parser.add_argument(
        'statistics',
        help='file of `logits fit`, or a checkpoint of a training with '
        'BLDALoss',
    )
    add_sweep_options(parser)
    add_out_folder(parser, FILES, 'tau_sweep')
    add_part(parser)
    add_device(parser)
    add_cfg_options(parser)
    add_data_root(parser)


def add_sweep_options(parser: ArgumentParser) -> None:
    """Add what is swept over, and whose distributions."""
    parser.add_argument(
        '--taus',
        nargs='*',
        type=float,
        metavar='TAU',
        help='values from 0 to 10; by default 11 from 0 to 1.5',
    )
    parser.add_argument(
        '--domain',
        choices=['target', 'source'],
        default='target',
        help='whose distributions the logits of the test set follow '
        '(default: target)',
    )


def run(args: Namespace) -> None:
    """Sweep, and say what is wrong in one line."""
    run_over_test_set(args, 'tau_sweep', build, sweep_and_write)


def build(args: Namespace, files: Sequence[str] = FILES) -> tuple[Any, ...]:
    """Config, model, test set, and the sweep, all checked.

    Args:
        args: Of the command line.
        files: What will be written to ``args.out``.
    """
    from ...evaluation.tau_sweep import DEFAULT_TAUS, check_taus
    from ...inference.passes.tau_pass import build_sweep
    from ...runs.out_files import make_folder

    try:
        taus = check_taus(DEFAULT_TAUS if args.taus is None else args.taus)
    except ValueError as error:
        raise UserValueError(f'--taus: {error}') from error
    cfg, model, dataset = build_model_and_test_set(args, files)
    sweep, warnings = build_sweep(
        taus, args.statistics, args.domain, model, dataset, args.checkpoint
    )
    for line in warnings:
        print(f'warning: {line}', file=sys.stderr)
    make_folder(args.out)
    return cfg, model, dataset, sweep


def sweep_and_write(
    args: Namespace, cfg: Any, model: Any, dataset: Any, sweep: Any
) -> None:
    """Go over the test set once, print and write the scores."""
    from ...evaluation.tau_sweep import best_taus, sweep_text
    from ...inference.evaluation_set import headline_classes
    from ...inference.passes.tau_pass import sweep_scores
    from ...runs.out_files import write_out
    from ...visualization.tau_curve import tau_curves

    scores = sweep_scores(cfg, model, dataset, sweep)
    best = best_taus(scores)
    print(sweep_text(scores))
    content = origin(args, model) | dict(
        domain=args.domain,
        images=len(dataset),
        mean_over=headline_classes(cfg) or list(dataset.metainfo['classes']),
        best=best,
        scores=scores,
    )
    title = f'{Path(args.config).stem}, {len(dataset)} images'
    texts = f'{json.dumps(content, indent=2)}\n'.encode()
    curves = tau_curves(scores, best, title)
    files = dict(zip(FILES, (texts, curves), strict=True))
    write_out(args.out, FILES, files, args.overwrite)
    print(f'wrote {" and ".join(FILES)} to {args.out}')
