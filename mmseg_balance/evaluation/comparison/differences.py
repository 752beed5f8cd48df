"""Differences of two methods, paired by seed, and how sure they are."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import stats

from .runs import ScoredRun

LEVEL = 0.95
NUM_RESAMPLES = 9999
Interval = tuple[float, float]


@dataclass(frozen=True)
class PairedDifference:
    """A score of one method less that of another, pair by pair.

    Attributes:
        method, baseline: Their names.
        key: The score.
        seeds: Seeds that both have, with this score.
        values: The difference of each, in points.
    """

    method: str
    baseline: str
    key: str
    seeds: tuple[int, ...]
    values: tuple[float, ...]

    @property
    def mean(self) -> float:
        """Mean of the differences."""
        return float(np.mean(self.values))

    # of hundreds of classes few are asked for
    @cached_property
    def bootstrap(self) -> Interval | None:
        """See :func:`bootstrap_interval`."""
        return bootstrap_interval(self.values)

    @property
    def student_t(self) -> Interval | None:
        """See :func:`t_interval`."""
        return t_interval(self.values)


def paired_difference(
    method: Sequence[ScoredRun], baseline: Sequence[ScoredRun], key: str
) -> PairedDifference | None:
    """Compare two methods over the seeds that both were run with.

    Runs of one seed share what the seed decides (initial weights, crops), so
    that their difference varies less than either of them.

    Args:
        method: Runs of one method, one a seed.
        baseline: Runs of the other.
        key: The score.

    Returns:
        The difference; None where no seed has the score in both.
    """
    first, second = _by_seed(method, key), _by_seed(baseline, key)
    seeds = tuple(sorted(first.keys() & second.keys()))
    if not seeds:
        return None
    values = tuple(first[seed] - second[seed] for seed in seeds)
    return PairedDifference(
        method[0].method, baseline[0].method, key, seeds, values
    )


def bootstrap_interval(values: Sequence[float]) -> Interval | None:
    """Percentile bootstrap of the mean, over the pairs.

    Two or three pairs have so few resamples that this is their range, which
    holds the median in 50 % and 75 % of cases only; bias-corrected variants
    have nothing to estimate their correction from. Hence the percentiles, and
    :func:`t_interval` beside them.

    Args:
        values: A difference for each pair.

    Returns:
        Ends of the interval of 95 %; None below two pairs.
    """
    if len(values) < 2:
        return None
    result = stats.bootstrap(
        (np.array(values, float),),
        np.mean,
        n_resamples=NUM_RESAMPLES,
        confidence_level=LEVEL,
        method='percentile',
        random_state=np.random.default_rng(0),
    )
    low, high = result.confidence_interval
    return float(low), float(high)


def t_interval(values: Sequence[float]) -> Interval | None:
    """Student's interval of the mean of normally distributed differences.

    Args:
        values: A difference for each pair.

    Returns:
        Ends of the interval of 95 %; None below two pairs.
    """
    if len(values) < 2:
        return None
    mean, error = float(np.mean(values)), float(stats.sem(values))
    half = error * float(stats.t.ppf((1 + LEVEL) / 2, len(values) - 1))
    return mean - half, mean + half


def _by_seed(runs: Sequence[ScoredRun], key: str) -> dict[int, float]:
    return {
        run.seed: run.scores[key]
        for run in runs
        if run.seed is not None and math.isfinite(run.scores.get(key, np.nan))
    }
