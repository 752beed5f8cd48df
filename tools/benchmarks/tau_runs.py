"""Sweeps over tau with scores and criteria, as they were left."""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scipy import stats

from mmseg_balance.errors import UserFileNotFoundError, UserValueError
from mmseg_balance.evaluation.unsupervised.choice import choose_tau
from mmseg_balance.evaluation.unsupervised.criteria import CRITERIA

METRICS = ('mIoU', 'mAcc')
FIXED = (0.0, 0.1, 0.5, 1.0)
SWEEP = 'mmseg-balance logits sweep-tau CONFIG CHECKPOINT STATISTICS'


@dataclass(frozen=True)
class Run:
    """A sweep with labels.

    Attributes:
        file: Where it is from.
        scores: Of each tau, ascending: 'tau' and the metrics.
        criteria: Of each of the same taus: 'tau' and the criteria.
    """

    file: str
    scores: list[dict[str, Any]]
    criteria: list[dict[str, Any]]

    def correlation(self, name: str, metric: str) -> float:
        """Spearman's, positive where the criterion is right; or NaN.

        It is NaN where all values of one are equal.
        """
        sign = 1 if CRITERIA[name].more_is_better else -1
        pairs = [
            (sign * own[name], score[metric])
            for own, score in zip(self.criteria, self.scores, strict=True)
            if own.get(name) is not None
        ]
        columns = list(zip(*pairs, strict=True))
        if len(pairs) < len(self.scores) or 1 in map(len, map(set, columns)):
            return math.nan
        return float(stats.spearmanr(*columns).statistic)

    def choice(self, name: str) -> float | None:
        """The tau that a criterion chooses; None where it does not."""
        try:
            return choose_tau(self.criteria, name)
        except UserValueError:
            return None

    def regret(self, tau: float | None, metric: str) -> float:
        """Points of a metric below the best tau; NaN of none."""
        if tau is None:
            return math.nan
        found = {row['tau']: row[metric] for row in self.scores}
        return max(found.values()) - found[tau]


def read_run(path: str, fixed: Sequence[float] = FIXED) -> Run:
    """Read a sweep, and refuse one that cannot be compared.

    Args:
        path: ``tau_sweep.json``.
        fixed: Taus that it has to have.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It is none of a sweep, or lacks labels, criteria or a tau.
    """
    if not Path(path).is_file():
        raise UserFileNotFoundError(f'no file {path}: make it with {SWEEP}')
    try:
        content = json.loads(Path(path).read_text())
        content = content.get('tau_sweep', content)
        criteria = content['criteria']
        scores = content['scores'] if content['labels'] else None
        taus = [float(row['tau']) for row in criteria]
    except (ValueError, KeyError, TypeError) as error:
        raise UserValueError(
            f'{path} is no tau_sweep.json with criteria '
            f'({type(error).__name__}: {error}): make it with {SWEEP}'
        ) from error
    if scores is None:
        raise UserValueError(
            f'{path} is of a sweep without labels, and has no scores to '
            'compare with: leave it out'
        )
    if not criteria:
        raise UserValueError(
            f'{path} has no criteria: sweep again without --criteria none'
        )
    if taus != [row['tau'] for row in scores] or len(taus) < 2:
        raise UserValueError(
            f'{path}: expected scores and criteria of the same taus, two or '
            f'more, but got {len(scores)} and {len(taus)}: make it with '
            f'{SWEEP}'
        )
    missing = [f'{tau:g}' for tau in fixed if tau not in taus]
    if missing:
        raise UserValueError(
            f'{path} has no tau {", ".join(missing)}: sweep with --taus, or '
            'name the taus that all sweeps have with --fixed'
        )
    return Run(path, scores, criteria)


def check_runs(runs: Sequence[Run]) -> list[str]:
    """Metrics that all runs have.

    Args:
        runs: The runs.

    Raises:
        ValueError: Two are the same.
    """
    for i, run in enumerate(runs):
        for other in runs[:i]:
            same = run.scores == other.scores
            if same and run.criteria == other.criteria:
                raise UserValueError(
                    f'{run.file} and {other.file} are the same sweep, which '
                    'would count twice: leave one out'
                )
    # of classifiers there is no IoU
    return [
        metric
        for metric in METRICS
        if all(metric in row for run in runs for row in run.scores)
    ]
