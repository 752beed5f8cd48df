"""``mmseg-balance figure class-weights``."""

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ...errors import UserError, UserFileNotFoundError
from .options import (
    add_classes,
    add_page,
    check_work_dir,
    chosen,
    run_on_files,
    write,
)

DESCRIPTION = """\
Draw the class weights of a training with GBWLoss, LBWLoss or weighted entropy
(Fig. 2 and 6 of the GBW paper).

From what ClassWeightsHook wrote down, for each loss and branch: the weights
over the training, and for each class its share of the source, its weights,
and its IoU. The files of a training that was resumed are put together.
"""
EXAMPLE = """\
examples:
  mmseg-balance figure class-weights work_dirs/my_gbw --classes person rider
  mmseg-balance figure class-weights work_dirs/my_gbw \\
      --baseline work_dirs/my_dacs
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument('work_dir', type=Path, help='folder of the training')
    parser.add_argument(
        '--baseline',
        type=Path,
        metavar='WORK_DIR',
        help='folder of a training without these weights, whose IoU is '
        'subtracted',
    )
    parser.add_argument(
        '--stats-dir',
        metavar='FOLDER',
        help='class statistics of the source, of `data class-stats`; by '
        'default where the config of the training has them',
    )
    add_classes(
        parser,
        'all; of more than 8 those of the largest and the smallest weight',
    )
    add_page(
        parser,
        ['class_weights*.png', 'class_weights*.csv'],
        'WORK_DIR/figures',
    )


def run(args: Namespace) -> None:
    """Draw, and say what is wrong in one line."""
    run_on_files(args, args.work_dir, lambda: draw_and_write(args))


def draw_and_write(args: Namespace) -> None:
    """Read the weights, draw those of each loss and branch, and write."""
    from ...runs.out_files import check_out, make_folder
    from ...runs.records.class_weight_log import read_class_weights

    for folder in filter(None, (args.work_dir, args.baseline)):
        check_work_dir(folder)
    names, lines = read_class_weights(args.work_dir)
    logs = {
        key: weight_log(of[0].get('names', names), of)
        for key, of in lines.items()
    }
    stems = {key: file_stem(key, list(logs)) for key in logs}
    files = [
        f'{stem}{ending}.{suffix}'
        for stem in stems.values()
        for ending in ('', '_by_class')
        for suffix in ('png', 'csv')
    ]
    check_out(args.out, files, args.overwrite)
    of_instances = {
        logs[key].classes for key, of in lines.items() if 'names' in of[0]
    }
    beside = {
        names: beside_weights(args, names, names in of_instances)
        for names in dict.fromkeys(log.classes for log in logs.values())
    }
    make_folder(args.out)
    contents: dict[str, bytes] = {}
    for key, log in logs.items():
        contents |= draw(args, stems[key], log, *beside[log.classes])
    write(args, contents, files)


def beside_weights(
    args: Namespace, names: Sequence[str], of_instances: bool
) -> tuple[Sequence[int] | None, Any, Sequence[Any]]:
    """What is drawn beside the weights of classes with these names.

    Args:
        args: Of the command line.
        names: Of the classes.
        of_instances: Whether they are those of a classifier of instances,
            which has no share of the source's pixels and no IoU.

    Returns:
        Numbers of the classes to draw; the share of each in the source; and
        its IoU, and that of the baseline. None for what is not known.
    """
    if of_instances:
        named = [name for name in args.classes or () if name in names]
        return [names.index(n) for n in named] or None, None, [None, None]
    scores = [
        class_iou(folder, names) if folder else None
        for folder in (args.work_dir, args.baseline)
    ]
    return chosen(args, names), source_shares(args, names), scores


def draw(
    args: Namespace,
    stem: str,
    log: Any,
    classes: Sequence[int] | None,
    shares: Any,
    scores: Sequence[Any],
) -> dict[str, bytes]:
    """The files of a loss and branch."""
    from ...visualization.paper_figures.class_weights import (
        draw_weights,
        draw_weights_by_class,
    )

    over_time = draw_weights(log, classes, width=args.width)
    iou, baseline = scores
    by_class = draw_weights_by_class(log, shares, iou, baseline, args.width)
    return over_time.files(stem) | by_class.files(f'{stem}_by_class')


def weight_log(names: list[str] | None, lines: list[dict]) -> Any:
    """Lines of a loss and branch as arrays."""
    import numpy as np

    from ...visualization.paper_figures.class_weights import WeightLog

    columns = {
        key: np.array([line[key] for line in lines])
        for key in ('iter', 'calls', 'mean', 'max', 'variance')
    }
    num_classes = columns['mean'].shape[1]
    return WeightLog(
        tuple(names or map(str, range(num_classes))), *columns.values()
    )


def file_stem(key: tuple[str, str], keys: Sequence[tuple[str, str]]) -> str:
    """Name of the files of a loss and branch: the loss where several are."""
    loss, branch = key
    if len({loss for loss, _ in keys}) == 1:
        return f'class_weights_{branch}'
    short = loss.removeprefix('student.').replace('.', '_')
    return f'class_weights_{short}_{branch}'


def source_shares(args: Namespace, classes: Sequence[str]) -> Any:
    """Share of each class in the source; None, and why, where unknown."""
    from ...inference.source_shares import read_source_shares
    from ...runs.comparison.trainings import Training

    try:
        cfg = Training(args.work_dir).settings
        if cfg is None:
            raise UserFileNotFoundError(f'{args.work_dir} has no config')
        return read_source_shares(cfg, classes, args.stats_dir)
    except (UserError, OSError) as error:
        if args.stats_dir:
            raise
        reason = ' '.join(str(error).split())
        print(f'without the share of source pixels: {reason}', file=sys.stderr)
        return None


def class_iou(work_dir: Path, classes: Sequence[str]) -> Any:
    """IoU of each class in the last validation; None where unknown."""
    import numpy as np

    from ...runs.comparison.trainings import Training

    result = Training(work_dir).last_validation()
    scores = result.scores if result else {}
    values = np.array([scores.get(f'IoU.{c}', np.nan) for c in classes])
    if np.isnan(values).all():
        print(
            f'without IoU: {work_dir} has no validation that logged the IoU '
            'of these classes, as BalancedIoUMetric does',
            file=sys.stderr,
        )
        return None
    return values
