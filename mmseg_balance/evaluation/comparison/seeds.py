"""Mean and spread of scores over the seeds of a method."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from .runs import ScoredRun


@dataclass(frozen=True)
class Spread:
    """A score over seeds.

    Attributes:
        mean: Mean over the seeds that have it.
        std: Sample standard deviation (ddof 1); None with one seed.
        num: Number of seeds that have it.
    """

    mean: float
    std: float | None
    num: int

    def __str__(self) -> str:
        return mean_and_spread(self.mean, self.std)


def mean_and_spread(mean: float, std: float | None) -> str:
    """Cell of a table; one value has no spread."""
    return f'{mean:.1f}' if std is None else f'{mean:.1f} +- {std:.1f}'


def spread(values: Iterable[float]) -> Spread | None:
    """Mean and spread of what is a number.

    Args:
        values: A score for each seed; NaN and infinity do not count.

    Returns:
        The spread; None where there is no number.
    """
    present = np.array([v for v in values if math.isfinite(v)], float)
    if present.size == 0:
        return None
    std = float(present.std(ddof=1)) if present.size > 1 else None
    return Spread(float(present.mean()), std, present.size)


def over_seeds(runs: Sequence[ScoredRun]) -> dict[str, Spread]:
    """Every score of a method over its seeds.

    A score that a seed lacks, as that of a class without a pixel, is that of
    the others; ``Spread.num`` tells.

    Args:
        runs: Runs of one method.

    Returns:
        Spreads by key, in the order of the first run that has it.
    """
    keys = dict.fromkeys(key for run in runs for key in run.scores)
    found = {
        key: spread(run.scores[key] for run in runs if key in run.scores)
        for key in keys
    }
    return {key: value for key, value in found.items() if value is not None}
