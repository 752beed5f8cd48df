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
from .tau_criteria import (
    add_criteria_options,
    build_set,
    check_measurable,
    chosen_tau,
    is_unlabelled,
    wanted_criteria,
)

FILES = ('tau_sweep.json', 'tau_sweep.png')
DESCRIPTION = """\
Scores of post-hoc class balancing over its scale tau.

One pass over test_dataloader gives mIoU, mAcc and their std over classes for
every tau (Eq. 7 and Fig. 5 of the BLDA paper); and, beside them, what is known
of each without labels. Images without labels will do for these.
"""
EXAMPLE = """\
examples:
  mmseg-balance logits sweep-tau CONFIG CHECKPOINT \\
      work_dirs/my_config/logit_statistics.pth --taus 0 0.25 0.5 1
  mmseg-balance logits sweep-tau CONFIG CHECKPOINT statistics.pth \\
      --target-images FOLDER --choose
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
    add_criteria_options(parser)
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
    run_over_test_set(args, 'tau_sweep', build_all, sweep_and_write)


def build(args: Namespace, files: Sequence[str]) -> tuple[Any, ...]:
    """Config, model, labelled test set, and the sweep, all checked.

    Args:
        args: Of the command line.
        files: What will be written to ``args.out``.
    """
    taus = taus_of(args)
    cfg, model, dataset = build_model_and_test_set(args, files)
    return cfg, model, dataset, _sweep(args, taus, model, dataset)


def build_all(args: Namespace) -> tuple[Any, ...]:
    """The same of ``sweep-tau``, and what is measured without labels."""
    from ...inference.passes.tau_criteria_pass import (
        build_criteria,
        find_criteria,
    )

    taus = taus_of(args)
    wanted = wanted_criteria(args, taus)

    def images(cfg: Any, model: Any) -> Any:
        args.no_labels = is_unlabelled(args, cfg)
        return build_set(args, cfg, model)

    cfg, model, dataset = build_model_and_test_set(args, FILES, images)
    names, reasons = find_criteria(wanted, model, args.checkpoint)
    check_measurable(args.choose, reasons)
    sweep = _sweep(args, taus, model, dataset)
    criteria = None
    if names:
        criteria = build_criteria(names, sweep, model, len(dataset))
    elif args.no_labels:
        raise UserValueError(
            'without labels there is nothing to measure: add others to '
            '--criteria'
        )
    return cfg, model, dataset, sweep, criteria, reasons


def taus_of(args: Namespace) -> list[float]:
    """What is swept over.

    Args:
        args: Of the command line.

    Raises:
        ValueError: See ``check_taus``.
    """
    from ...evaluation.tau_sweep import DEFAULT_TAUS, check_taus

    try:
        return check_taus(DEFAULT_TAUS if args.taus is None else args.taus)
    except ValueError as error:
        raise UserValueError(f'--taus: {error}') from error


def _sweep(
    args: Namespace, taus: Sequence[float], model: Any, dataset: Any
) -> Any:
    from ...inference.passes.tau_pass import build_sweep
    from ...runs.out_files import make_folder

    sweep, warnings = build_sweep(
        taus, args.statistics, args.domain, model, dataset, args.checkpoint
    )
    for line in warnings:
        print(f'warning: {line}', file=sys.stderr)
    make_folder(args.out)
    return sweep


def sweep_and_write(
    args: Namespace,
    cfg: Any,
    model: Any,
    dataset: Any,
    sweep: Any,
    criteria: Any,
    not_measured: dict[str, str],
) -> None:
    """Go over the test set once, print and write what was found."""
    from ...evaluation.tau_sweep import best_taus, sweep_text
    from ...evaluation.unsupervised.choice import criteria_text
    from ...inference.evaluation_set import headline_classes
    from ...inference.passes.tau_criteria_pass import measured
    from ...inference.passes.tau_pass import sweep_images
    from ...runs.out_files import write_out
    from ...visualization.tau_curve import tau_curves

    classes = list(dataset.metainfo['classes'])
    with_labels = not args.no_labels
    sweep_images(cfg, model, dataset, sweep, criteria, with_labels)
    content = origin(args, model) | dict(
        domain=args.domain, images=len(dataset), labels=with_labels
    )
    files = {}
    if with_labels:
        meant = headline_classes(cfg)
        scores = sweep.scores(classes, meant)
        best = best_taus(scores)
        print(sweep_text(scores))
        content |= dict(mean_over=meant or classes, best=best, scores=scores)
        title = f'{Path(args.config).stem}, {len(dataset)} images'
        files['tau_sweep.png'] = tau_curves(scores, best, title)
    rows = []
    if criteria is not None:
        rows = measured(criteria, classes, args.statistics, args.domain)
        print(criteria_text(rows))
    chosen, error = chosen_tau(args.choose, rows)
    content |= dict(criteria=rows, not_measured=not_measured, chosen=chosen)
    files['tau_sweep.json'] = f'{json.dumps(content, indent=2)}\n'.encode()
    write_out(args.out, FILES, files, args.overwrite)
    print(f'wrote {" and ".join(sorted(files))} to {args.out}')
    if error is not None:
        raise error
    if chosen:
        print(f'{args.choose} chooses tau {chosen["tau"]:g}')
