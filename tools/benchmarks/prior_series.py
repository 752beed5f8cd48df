"""Train methods on toy streets whose priors shift, and draw the scores.

    python tools/benchmarks/prior_series.py --factors 1 1/4 8 1/2 4
    python tools/benchmarks/prior_series.py --seeds 0 --methods dacs
    python tools/benchmarks/prior_series.py --table

The target sets show the same streets with other numbers of things: those of
classes that are rare in the source are FACTOR times as frequent, those of
frequent ones so many times less. No method is told. What does not see the
target is trained once for each seed and tested on each set. The student is
scored once, at the last iteration, on the set's validation images: nothing is
chosen on target labels. What is finished is not repeated, an interrupted
training goes on. Each run leaves a small JSON in --out, with its factor and
the frequencies of its set, and as those of method_table.py its config, seed,
versions and fingerprint; the tables and label_shift.png are made from these.
"""

import argparse
import json
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

from method_table import REFUSAL
from prior_report import figure, report
from prior_rows import METHODS
from prior_runs import (
    ROOT,
    STREETS,
    Work,
    experiment,
    finish,
    frequencies,
    result_file,
)

from mmseg_balance.errors import UserError, UserValueError
from mmseg_balance.files.writing import write_atomically
from mmseg_balance.runs.comparison.result_files import read_result_file

# the ends and the middle first, so that a part of it says most
FACTORS = [1.0, 0.25, 8.0, 0.5, 4.0]


def factor_of(text: str) -> float:
    """Read 1/4, 0.25 or 4; what may be a label shift is checked there."""
    try:
        return replace(STREETS, label_shift=float(Fraction(text))).label_shift
    except (ValueError, ArithmeticError) as error:
        raise argparse.ArgumentTypeError(f'{text}: {error}') from error


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument(
        '--factors',
        nargs='+',
        type=factor_of,
        default=FACTORS,
        metavar='FACTOR',
        help='label shifts, 1/4 or 0.25, in the order of the trainings\n'
        '(default: 1 1/4 8 1/2 4)',
    )
    parser.add_argument('--seeds', nargs='+', type=int, default=[0, 1])
    parser.add_argument(
        '--methods', nargs='+', choices=METHODS, default=list(METHODS)
    )
    parser.add_argument(
        '--jobs', type=int, default=1, help='runs side by side'
    )
    parser.add_argument(
        '--iterations',
        type=int,
        default=500,
        help='of each training (default: 500, as the configs)',
    )
    parser.add_argument(
        '--data',
        type=Path,
        default=ROOT / 'data/toy_label_shift',
        help='folder that gets a folder of toy streets for each factor',
    )
    parser.add_argument(
        '--work-dir', type=Path, default=ROOT / 'work_dirs/label_shift'
    )
    parser.add_argument(
        '--out',
        type=Path,
        default=ROOT / 'docs/benchmarks/label_shift',
        help='folder of the JSONs, the tables and the figure',
    )
    parser.add_argument(
        '--table',
        action='store_true',
        help='run nothing, make tables and figure of the JSONs in --out; '
        'stderr\nsays which of them are of other settings or code',
    )
    parser.add_argument(
        '--allow-mixed',
        action='store_true',
        help='keep JSONs of other settings or code, named on stderr, instead '
        'of\nrefusing them',
    )
    args = parser.parse_args()
    if args.iterations < 2:
        parser.error(f'--iterations: expected 2 or more, {args.iterations}')
    args.factors = list(dict.fromkeys(args.factors))
    args.seeds = list(dict.fromkeys(args.seeds))
    for name in ('data', 'work_dir', 'out'):
        setattr(args, name, getattr(args, name).resolve())
    return args


def all_work(args: argparse.Namespace) -> Iterator[Work]:
    """Seed by seed, so that a part of it is a table of all methods."""
    trainings: dict[str, list[str]] = {}
    for method in args.methods:
        row = METHODS[method]
        key = repr((row.config, row.options))
        trainings.setdefault(key, []).append(method)
    rows = [tuple(methods) for methods in trainings.values()]
    for seed in args.seeds:
        for methods in rows:
            if not METHODS[methods[0]].adapts:
                yield Work(methods, seed, tuple(args.factors))
        for factor in args.factors:
            for methods in rows:
                if METHODS[methods[0]].adapts:
                    yield Work(methods, seed, (factor,))


def results(
    args: argparse.Namespace,
) -> Iterator[tuple[str, float, int, Path]]:
    """Method, factor, seed and file of each result that is there."""
    for method in args.methods:
        for factor in args.factors:
            for seed in args.seeds:
                file = result_file(args.out, method, factor, seed)
                if file.is_file():
                    yield method, factor, seed, file


def stale_results(args: argparse.Namespace) -> list[str]:
    """A line for each result of other settings, sets or code."""
    lines = []
    for method, factor, seed, file in results(args):
        record = json.loads(file.read_text())
        run = experiment(method, seed, factor, args)
        other = run.differences(record)
        if record.get('label_shift') != factor:
            other.append(f'label_shift {record.get("label_shift")}')
        if other:
            lines.append(f'{file} has {"; ".join(other)}')
    return lines


def write_report(args: argparse.Namespace) -> str:
    """Tables and figure of the results that are there.

    Returns:
        The tables.

    Raises:
        ValueError: There are none, or one of them is of another seed than
            its name says.
    """
    found: dict[float, dict[str, Any]] = {}
    rows: dict[str, dict[float, list[dict[str, Any]]]] = {}
    for method, factor, _, file in results(args):
        read_result_file(file)  # which refuses those of another seed
        result = json.loads(file.read_text())
        found[factor] = result['frequencies']
        of_method = rows.setdefault(METHODS[method].name, {})
        of_method.setdefault(factor, []).append(result)
    if not rows:
        raise UserValueError(
            f'{args.out} has no result of these methods, factors and seeds: '
            'run without --table first'
        )
    found = dict(sorted(found.items()))
    text = report(rows, found)
    write_atomically(args.out / 'label_shift.md', f'{text}\n'.encode())
    write_atomically(args.out / 'label_shift.png', figure(rows, found))
    return text


def main() -> None:
    """Finish all runs, print the tables and draw the figure."""
    args = parse_args()
    lines = stale_results(args)
    if lines and not (args.table or args.allow_mixed):
        sys.exit(REFUSAL.format('\n  '.join(lines)))
    try:
        if not args.table:
            # of 1 too, which trains what sees no target
            found = {
                factor: frequencies(args.data, factor, args.jobs)
                for factor in dict.fromkeys([*args.factors, 1.0])
            }
            with ThreadPoolExecutor(args.jobs) as pool:
                jobs = [
                    pool.submit(finish, work, found, args)
                    for work in all_work(args)
                ]
            for job in jobs:
                job.result()
            # of what ran as well: the sources may have changed meanwhile
            lines = stale_results(args)
        for line in lines:
            print(f'warning: {line}', file=sys.stderr)
        print(write_report(args))
    except (UserError, RuntimeError) as error:
        sys.exit(f'error: {error}')


if __name__ == '__main__':
    main()
