"""Options of ``logits sweep-tau`` on what is known without labels."""

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Mapping, Sequence
from typing import Any

from ...errors import (
    UserError,
    UserFileNotFoundError,
    UserValueError,
    with_message,
)

ALL, NONE = 'all', 'none'
# of the least regret in mIoU over the runs of docs/benchmarks.md, by whose
# labels it was picked
CHOOSES = 'flip_iou'


def add_criteria_options(parser: ArgumentParser) -> None:
    """Add what is measured without labels, and what it chooses."""
    group = parser.add_argument_group('without labels')
    images = group.add_mutually_exclusive_group()
    images.add_argument(
        '--no-labels',
        action='store_true',
        help='read no labels of test_dataloader: the criteria alone are '
        'measured. So it is as well where its pipeline loads none',
    )
    images.add_argument(
        '--target-images',
        metavar='FOLDER',
        help='images without labels, in place of test_dataloader',
    )
    group.add_argument(
        '--criteria',
        nargs='+',
        default=[ALL],
        metavar='NAME',
        help="what is measured without labels: 'all' (default), 'none', or "
        'names of the table that is printed, as snd entropy. Those of the '
        'mirrored image, and of student and teacher, predict each image once '
        'more',
    )
    group.add_argument(
        '--choose',
        nargs='?',
        const=CHOOSES,
        metavar='NAME',
        help='criterion that chooses a tau, which is printed and written. '
        f'Without a name, behind all other arguments: {CHOOSES}',
    )


def wanted_criteria(args: Namespace, taus: Sequence[float]) -> list[str]:
    """Names of the criteria to measure, checked before anything is read.

    Args:
        args: Of the command line.
        taus: What is swept over.

    Raises:
        ValueError: There is no such criterion, or --choose cannot choose.
    """
    from ...evaluation.unsupervised.choice import check_choice
    from ...evaluation.unsupervised.criteria import CRITERIA

    names = list(args.criteria)
    if names in ([ALL], [NONE]):
        names = list(CRITERIA) if names == [ALL] else []
    for name in names:
        if name not in CRITERIA:
            raise UserValueError(
                f'--criteria: expected {ALL}, {NONE}, or some of '
                f'{", ".join(CRITERIA)}, but got {name!r}'
            )
    if args.choose is not None:
        try:
            check_choice(args.choose, taus)
        except UserValueError as error:
            raise UserValueError(f'--choose: {error}') from error
        if args.choose not in names:
            raise UserValueError(
                f'--choose {args.choose} is not among --criteria '
                f'{" ".join(args.criteria)}: add it'
            )
    elif not names and (args.no_labels or args.target_images):
        raise UserValueError(
            f'--criteria {NONE} without labels leaves nothing to measure: '
            'leave one away'
        )
    return names


def is_unlabelled(args: Namespace, cfg: Any) -> bool:
    """Whether no label is read, and says so where nobody asked for it."""
    from ...inference.passes.unlabelled_set import loads_labels

    if args.no_labels or args.target_images:
        return True
    if (cfg.get('test_dataloader') or {}).get('dataset') is None:
        return False  # whose error names it
    if loads_labels(cfg):
        return False
    print('test_dataloader loads no labels: the criteria alone are measured')
    return True


def build_set(args: Namespace, cfg: Any, model: Any) -> Any:
    """The images, with labels or without."""
    from ...inference.evaluation_set import build_labelled_test_set
    from ...inference.passes.unlabelled_set import build_unlabelled_set

    if args.no_labels:
        classes = (getattr(model, 'dataset_meta', None) or {}).get('classes')
        return build_unlabelled_set(cfg, classes or (), args.target_images)
    try:
        return build_labelled_test_set(cfg)
    except UserFileNotFoundError as error:
        if 'seg_map_path' not in str(error) and 'label' not in str(error):
            raise
        message = f'{error}. Or sweep without labels: --no-labels'
        raise with_message(error, message) from error


def check_measurable(choose: str | None, reasons: Mapping[str, str]) -> None:
    """Say what is not measured, and refuse to choose by it.

    Args:
        choose: Of ``--choose``.
        reasons: Of ``find_criteria``.

    Raises:
        ValueError: It chooses by one of them.
    """
    if choose is not None and choose in reasons:
        raise UserValueError(f'--choose {choose}: {reasons[choose]}')
    by_reason: dict[str, list[str]] = {}
    for name, reason in reasons.items():
        by_reason.setdefault(reason, []).append(name)
    for reason, names in by_reason.items():
        line = f'not measured, since {reason}: {", ".join(names)}'
        print(line, file=sys.stderr)


def chosen_tau(
    choose: str | None, rows: Sequence[Mapping[str, Any]]
) -> tuple[dict[str, Any] | None, UserError | None]:
    """What ``--choose`` chooses, and why it does not.

    A pass may have taken hours: what it measured is written in any case.
    """
    from ...evaluation.unsupervised.choice import choose_tau

    if choose is None:
        return None, None
    try:
        return dict(criterion=choose, tau=choose_tau(rows, choose)), None
    except UserValueError as error:
        return None, UserValueError(f'--choose: {error}')
