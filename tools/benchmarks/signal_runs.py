"""Runs that kept their signals, in pairs of a row and what it builds on."""

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mmseg_balance.errors import UserFileNotFoundError, UserValueError

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


def check_iterations(pairs: Sequence[Pair], iterations: Sequence[int]) -> None:
    """Refuse iterations at which no row noted anything.

    Args:
        pairs: The pairs.
        iterations: When the signals are read.

    Raises:
        ValueError: Of one of them no row has a signal.
    """
    noted = {
        step
        for pair in pairs
        for points in pair.row.signals.values()
        for step in points
    }
    for iteration in iterations:
        if iteration not in noted:
            known = ', '.join(map(str, sorted(noted)))
            raise UserValueError(
                f'--at {iteration}: no run noted signals then, expected some '
                f'of {known}'
            )
