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
import json
import math
import sys
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from prettytable import PrettyTable
from scipy import stats

from mmseg_balance.errors import (
    UserError,
    UserFileNotFoundError,
    UserValueError,
    exit_with,
    one_line,
)

PART = 'student'
METRICS = ('mIoU', 'mAcc')
SHARE = 'share.target/'
MAKE_IT = 'make it with tools/benchmarks/method_table.py'


@dataclass(frozen=True)
class Run:
    """A run that kept its signals.

    Attributes:
        folder: Of its file, a data set.
        method, seed: What it is of.
        scores: Of the student at the end, percent.
        signals: By name, the value at each iteration.
    """

    folder: Path
    method: str
    seed: int
    scores: Mapping[str, float]
    signals: Mapping[str, Mapping[int, float]]

    def at(self, name: str, iteration: int) -> float:
        """A signal; NaN where it was not noted then."""
        return self.signals.get(name, {}).get(iteration, math.nan)

    def shares(self, iteration: int) -> dict[str, float]:
        """Shares of the classes among its pseudo-labels."""
        return {
            name: points[iteration]
            for name, points in self.signals.items()
            if name.startswith(SHARE) and iteration in points
        }


@dataclass(frozen=True)
class Pair:
    """A row and its baseline, of one folder and seed."""

    row: Run
    baseline: Run

    def gain(self, metric: str) -> float:
        """Points of a metric that the row is above the baseline."""
        return self.row.scores[metric] - self.baseline.scores[metric]


def from_baseline(pair: Pair, iteration: int) -> float:
    """Total variation distance of the pseudo-labels' classes, 0 to 1."""
    first, second = (r.shares(iteration) for r in (pair.row, pair.baseline))
    if not first or not second:
        return math.nan
    # a class without a line has no pixel
    names = first.keys() | second.keys()
    return sum(abs(first.get(n, 0) - second.get(n, 0)) for n in names) / 2


def of_row(name: str) -> Callable[[Pair, int], float]:
    """A signal as it was noted."""
    return lambda pair, iteration: pair.row.at(f'balance/{name}', iteration)


def of_difference(name: str) -> Callable[[Pair, int], float]:
    """A signal less that of the baseline."""
    key = f'balance/{name}'
    return lambda pair, t: pair.row.at(key, t) - pair.baseline.at(key, t)


SIGNALS: dict[str, Callable[[Pair, int], float]] = {
    'from source': of_row('from_source'),
    'from source, less that of the baseline': of_difference('from_source'),
    'from start': of_row('from_start'),
    'from the baseline': from_baseline,
    'bias by Eq. 5, source': of_row('bias_source'),
    'bias by Eq. 5, target': of_row('bias_target'),
}


def read_run(path: str) -> Run | None:
    """Read a run.

    Args:
        path: A JSON of ``method_table.py``.

    Returns:
        The run; None of one that noted no signals, as source only.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It is none of a run with signals and scores.
    """
    file = Path(path)
    if not file.is_file():
        raise UserFileNotFoundError(f'no file {path}: {MAKE_IT}')
    try:
        content = json.loads(file.read_text())
        signals = {
            name: {int(step): float(value) for step, value in points}
            for name, points in content['signals'].items()
        }
        scores = {metric: float(content[PART][metric]) for metric in METRICS}
        method, seed = file.stem.rsplit('_seed', 1)
        run = Run(file.parent.resolve(), method, int(seed), scores, signals)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UserValueError(
            f'{path} is no run with signals and scores '
            f'({type(error).__name__}: {error}): {MAKE_IT} --group camvid'
        ) from error
    return run if signals else None


def pairs_of(runs: Sequence[Run], baselines: Sequence[str]) -> list[Pair]:
    """Each row with that which it builds on, whose name its own begins with.

    Args:
        runs: The runs.
        baselines: Methods that others build on.

    Raises:
        ValueError: No row has one.
    """
    own = {(r.folder, r.seed, r.method): r for r in runs}
    pairs = [
        Pair(run, own[run.folder, run.seed, baseline])
        for run in runs
        for baseline in baselines
        if run.method.startswith(f'{baseline}_')
        and (run.folder, run.seed, baseline) in own
    ]
    if not pairs:
        known = ', '.join(sorted({run.method for run in runs})) or 'none'
        raise UserValueError(
            f'no row of a folder and seed builds on {", ".join(baselines)}: '
            f'methods with signals are {known}'
        )
    return pairs


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
        rows = compare(pairs_of(runs, args.baselines), args.at)
    except UserError as error:
        exit_with(one_line(error))
    table = PrettyTable([key.replace('_', ' ') for key in rows[0]])
    table.add_rows([[shown(v) for v in row.values()] for row in rows])
    print(table)


if __name__ == '__main__':
    sys.exit(main())
