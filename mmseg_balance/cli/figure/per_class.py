"""``mmseg-balance figure per-class``."""

import sys
from argparse import ArgumentParser, Namespace

from .options import (
    add_classes,
    add_page,
    chosen,
    note_left_out,
    run_on_files,
    write,
)

DESCRIPTION = """\
Draw the IoU, the accuracy or the bias of each class for several methods, or
values of a setting (Fig. 2a of the BLDA paper, Fig. 4b of the GBW paper).

Reads work folders as `compare` does: scores of tests, or else of the last
validation, and the mean over the seeds of a method.
"""
EXAMPLE = """\
examples:
  mmseg-balance figure per-class work_dirs/dacs work_dirs/dacs_gbw
  mmseg-balance figure per-class work_dirs/lambda_* --metric Acc \\
      --names 0.1 1 10
"""
METRICS = ('IoU', 'Acc', 'Bias')


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument(
        'work_dirs',
        nargs='+',
        metavar='WORK_DIR',
        help='work folders, or files of results; the baseline first',
    )
    parser.add_argument(
        '--metric',
        choices=METRICS,
        default='IoU',
        help='score that is drawn (default: IoU)',
    )
    parser.add_argument(
        '--names',
        nargs='+',
        metavar='NAME',
        help='names of the methods; by default those of their configs',
    )
    add_classes(parser, 'all; of more than 40 those that change the most')
    add_page(parser, ['per_class_METRIC.png', 'per_class_METRIC.csv'],
             'the folder figures')  # fmt: skip


def run(args: Namespace) -> None:
    """Draw, and say what is wrong in one line."""
    run_on_files(args, '.', lambda: draw_and_write(args))


def draw_and_write(args: Namespace) -> None:
    """Read the scores, draw, and write."""
    import numpy as np

    from ...runs.comparison.compared import compare_runs
    from ...runs.out_files import check_out, make_folder
    from ...visualization.paper_figures.per_class import (
        ClassScores,
        draw_per_class,
    )

    name = f'per_class_{args.metric.lower()}'
    files = [f'{name}.png', f'{name}.csv']
    check_out(args.out, files, args.overwrite)
    comparison = compare_runs(args.work_dirs, names=args.names).comparison
    for line in comparison.notes:
        print(f'note: {line}', file=sys.stderr)
    classes = comparison.classes
    methods = []
    for method in comparison.methods:
        spreads = [method.scores.get(f'{args.metric}.{c}') for c in classes]
        mean, std = (
            np.array([
                np.nan if s is None or getattr(s, key) is None
                else getattr(s, key)
                for s in spreads
            ], float)
            for key in ('mean', 'std')
        )  # fmt: skip
        methods.append(ClassScores(method.name, mean, std, len(method.runs)))
    numbers = chosen(args, classes)
    drawn = draw_per_class(methods, classes, args.metric, numbers, args.width)
    there = {row[0] for row in drawn.tables[''].rows if row[-1] == 'yes'}
    note_left_out(
        (classes[c] for c in numbers or () if classes[c] not in there),
        f'no method has its {args.metric}',
    )
    make_folder(args.out)
    write(args, drawn.files(name), files)
