"""Whether signals without labels tell in time that a balance method hurts.

    python tools/benchmarks/signal_choice.py docs/benchmarks/pairs/*/*.json

Each file is a run of method_table.py that kept its signals. A row is paired
with what it builds on, of the same folder and seed; what it gains is the
difference of its scores at the end, its signals are those of the training so
far. For each signal and iteration: Spearman's rank correlation with the gain,
over all pairs and as the mean over folders, where sets cannot be told apart by
it; and the chance that a row that loses has the larger value than one that
gains (0.5: it says nothing).
"""

import argparse
import math
import sys
from collections import defaultdict
from collections.abc import Sequence

from prettytable import PrettyTable
from scipy import stats
from signal_runs import (
    METRICS,
    SIGNALS,
    Pair,
    check_iterations,
    pairs_of,
    read_run,
)

from mmseg_balance.errors import UserError, exit_with, one_line


def correlation(values: Sequence[tuple[float, float]]) -> float:
    """Spearman's; NaN of less than three, or where one is constant."""
    columns = list(zip(*values, strict=True))
    if len(values) < 3 or 1 in map(len, map(set, columns)):
        return math.nan
    return float(stats.spearmanr(*columns).statistic)


def chance(values: Sequence[tuple[float, float]]) -> float:
    """That a row that loses has the larger signal; NaN without both."""
    loses = [signal for signal, gain in values if gain < 0]
    others = [signal for signal, gain in values if gain >= 0]
    if not loses or not others:
        return math.nan
    wins = [(a > b) + (a == b) / 2 for a in loses for b in others]
    return sum(wins) / len(wins)


def compare(pairs: Sequence[Pair], iterations: Sequence[int]) -> list[dict]:
    """A row for each signal and iteration.

    Args:
        pairs: The pairs.
        iterations: When the signals are read.

    Returns:
        'signal', 'iteration', 'pairs' (that have it), and for each metric
        '<metric>_rho', '<metric>_rho_within' and '<metric>_chance', NaN where
        they are not defined.
    """
    rows = []
    for name, signal in SIGNALS.items():
        for iteration in iterations:
            known = [
                (pair, value)
                for pair in pairs
                if not math.isnan(value := signal(pair, iteration))
            ]
            row = dict(signal=name, iteration=iteration, pairs=len(known))
            for metric in METRICS:
                points = [(value, p.gain(metric)) for p, value in known]
                folders = defaultdict(list)
                for (pair, _), point in zip(known, points, strict=True):
                    folders[pair.row.folder].append(point)
                own = [correlation(group) for group in folders.values()]
                own = [rho for rho in own if not math.isnan(rho)]
                row[f'{metric}_rho'] = correlation(points)
                row[f'{metric}_rho_within'] = (
                    math.fsum(own) / len(own) if own else math.nan
                )
                row[f'{metric}_chance'] = chance(points)
            rows.append(row)
    return rows


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument(
        'runs', nargs='+', metavar='FILE', help='JSON of a run'
    )
    parser.add_argument(
        '--baselines',
        nargs='+',
        default=['dacs', 'daformer', 'mic_daformer'],
        metavar='METHOD',
        help='what rows build on (default: dacs daformer mic_daformer)',
    )
    parser.add_argument(
        '--at',
        nargs='+',
        type=int,
        default=[500, 1000, 2000],
        metavar='ITERATION',
        help='when the signals are read (default: 500 1000 2000)',
    )
    return parser.parse_args()


def shown(value: str | int | float) -> str:
    """A cell of the table."""
    if not isinstance(value, float):
        return str(value)
    return '-' if math.isnan(value) else f'{value:.2f}'


def main() -> None:
    """Read all runs, and print the table."""
    args = parse_args()
    try:
        runs = [run for path in args.runs if (run := read_run(path))]
        pairs = pairs_of(runs, args.baselines)
        check_iterations(pairs, args.at)
        rows = compare(pairs, args.at)
    except UserError as error:
        exit_with(one_line(error))
    table = PrettyTable([key.replace('_', ' ') for key in rows[0]])
    table.add_rows([[shown(v) for v in row.values()] for row in rows])
    print(table)


if __name__ == '__main__':
    sys.exit(main())
