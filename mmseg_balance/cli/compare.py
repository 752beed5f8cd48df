"""``mmseg-balance compare``."""

from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from .exits import clear_exit
from .options import add_data_root

if TYPE_CHECKING:
    from ..evaluation.comparison.comparison import Comparison

DESCRIPTION = """\
Compare runs: mean and spread over seeds, differences pair by pair.

Runs of the same settings and another seed are one method, whatever their
folders are called. Scores of tests go before those of the last validation.
"""
EXAMPLE = """\
examples:
  mmseg-balance compare work_dirs/dacs_seed* work_dirs/dacs_blda_seed*
  mmseg-balance compare work_dirs/a work_dirs/b --names DACS BLDA --classes
  mmseg-balance compare work_dirs/* --html comparison.html
  mmseg-balance compare work_dirs/* --format latex --out table.tex
"""
# those of evaluation.comparison.report and .runs, which load numpy
FORMATS = ('md', 'csv', 'latex', 'json')
CLASS_SCORES = ('IoU', 'Acc', 'Bias', 'PQ', 'SQ', 'RQ', 'TC')


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument(
        'runs',
        nargs='+',
        metavar='WORK_DIR',
        help='work folder of a run, a folder of several, or a JSON file of '
        'scores',
    )
    parser.add_argument(
        '--baseline',
        metavar='NAME',
        help='method that others are compared with (default: the first)',
    )
    parser.add_argument(
        '--all-pairs',
        action='store_true',
        help='compare each method with each, not with the baseline alone',
    )
    parser.add_argument(
        '--names',
        nargs='+',
        metavar='NAME',
        help='names of the methods, in the order of the table; by default '
        'those of their configs',
    )
    parser.add_argument(
        '--part',
        choices=['student', 'teacher'],
        help='scores of one segmentor alone, where runs have those of both',
    )
    parser.add_argument(
        '--classes',
        nargs='*',
        choices=CLASS_SCORES,
        metavar='SCORE',
        help='show scores of each class as well: IoU (where none is named; of '
        'classifiers Acc), Acc, Bias, of panoptic models PQ, SQ, RQ, of pairs '
        'of frames TC; CSV and JSON have all',
    )
    parser.add_argument(
        '--format',
        choices=FORMATS,
        default='md',
        help='Markdown (default), CSV with a row a score, LaTeX with the '
        'package booktabs, or JSON with all that is known',
    )
    parser.add_argument(
        '--out', type=Path, metavar='FILE', help='write to FILE'
    )
    parser.add_argument(
        '--html',
        type=Path,
        metavar='FILE',
        help='write one page with tables, bars, confusion matrices, curves '
        'and samples, which needs no network',
    )
    parser.add_argument(
        '--samples',
        type=int,
        default=4,
        metavar='N',
        help='images on the page, those where methods differ most among '
        'several; taken from predictions of `test --out`, or predicted anew '
        '(default: %(default)s; 0: none)',
    )
    parser.add_argument(
        '--overwrite', action='store_true', help='replace these files'
    )
    add_data_root(parser)


def run(args: Namespace) -> None:
    """Compare, print, and write what is asked for."""
    with clear_exit('interrupted: nothing was written'):
        from ..evaluation.comparison.report import report
        from ..files.writing import write_atomically
        from ..runs.comparison.compared import compare_runs
        from ..runs.out_files import check_out_file

        check_args(args)
        for file in filter(None, (args.out, args.html)):
            check_out_file(file, args.overwrite)
        compared = compare_runs(
            args.runs, args.baseline, args.all_pairs, args.names, args.part
        )
        scores = args.classes or ()
        if args.classes == []:
            scores = main_score(compared.comparison)
        text = report(compared.comparison, args.format, scores)
        if args.out is None:
            print(text)
        else:
            write_atomically(args.out, f'{text}\n'.encode())
            print(f'wrote {args.out}')
        if args.html is not None:
            from ..runs.comparison.page.content import write_comparison

            write_comparison(args.html, compared, args.samples, args.data_root)
            print(f'wrote {args.html}')


def main_score(comparison: 'Comparison') -> tuple[str, ...]:
    """The score of classes that is shown where none is named."""
    from ..evaluation.comparison.runs import compared_scores

    runs = [run for method in comparison.methods for run in method.runs]
    return compared_scores(runs)[:1]


def check_args(args: Namespace) -> None:
    """Refuse options that do not go together."""
    from ..errors import UserValueError

    if args.samples < 0:
        raise UserValueError(
            f'expected --samples to be at least 0, got {args.samples}'
        )
    if args.baseline is not None and args.all_pairs:
        raise UserValueError(
            '--baseline and --all-pairs do not go together: give one of them'
        )
    if args.out is not None and args.out == args.html:
        raise UserValueError(
            f'--out and --html are both {args.out}: name two files'
        )
