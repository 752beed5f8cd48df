"""Tables and the figure of the series over the label shift."""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from mmseg_balance.datasets.toy_streets.label_shift import (
    FREQUENT,
    RARE,
)
from mmseg_balance.evaluation.comparison.seeds import spread
from mmseg_balance.visualization.score_curves import score_curves

PART = 'student'
GROUPS = {'rare': RARE, 'frequent': FREQUENT}
METRICS = {
    'mIoU': 'mIoU, all 19 classes',
    'mAcc': 'mAcc, all 19 classes',
    'IoU of rare things': 'mIoU, things that are rare in the source',
    'IoU of frequent things': 'mIoU, things that are frequent in the source',
}
# by method and factor: the results of its seeds
Results = Mapping[str, Mapping[float, Sequence[Mapping[str, Any]]]]


def ratio(factor: float) -> str:
    """A factor as people write it: 1/4 for 0.25, 4 for 4.0."""
    inverse = Fraction(1 / factor).limit_denominator(10**6)
    if factor < 1 and inverse.denominator == 1:
        return f'1/{inverse}'
    return f'{factor:g}'


def score(result: Mapping[str, Any], metric: str) -> float:
    """One of ``METRICS`` of a result; NaN where a class has no number."""
    scores = result[PART]
    if metric in scores:
        return scores[metric]
    group = next(k for k in GROUPS if f' {k} ' in metric)
    return float(
        np.mean([scores.get(f'IoU.{c}', np.nan) for c in GROUPS[group]])
    )


def table(results: Results, metric: str, factors: Sequence[float]) -> str:
    """Markdown table of a metric: mean and, of several seeds, sample std.

    Args:
        results: Of the methods, by the names that rows have.
        metric: One of ``METRICS``.
        factors: Columns.

    Returns:
        A row for each method that has a result.
    """
    lines = [
        f'| {metric}, label shift | '
        + ' | '.join(ratio(f) for f in factors)
        + ' | Seeds |',
        '| --- ' * (len(factors) + 2) + '|',
    ]
    for name, of_method in results.items():
        cells, numbers = [], set()
        for factor in factors:
            runs = of_method.get(factor, ())
            found = spread(score(run, metric) for run in runs)
            cells.append('-' if found is None else str(found))
            numbers |= {found.num} if found else set()
        if numbers:
            seeds = ' to '.join(map(str, sorted({min(numbers), max(numbers)})))
            lines.append(f'| {name} | {" | ".join(cells)} | {seeds} |')
    return '\n'.join(lines)


def frequency_table(frequencies: Mapping[float, Mapping[str, Any]]) -> str:
    """Markdown table of how far the target's frequencies are, by factor.

    Args:
        frequencies: By factor, what ``prior_series.frequencies`` gives.
    """
    lines = [
        '| Label shift | Total variation | KL(target, source) | Rare things, '
        '% of pixels | Frequent things, % of pixels |',
        '| --- | --- | --- | --- | --- |',
    ]
    for factor, found in frequencies.items():
        shares = found['shares']
        sums = [100 * sum(shares[c] for c in GROUPS[k]) for k in GROUPS]
        lines.append(
            f'| {ratio(factor)} | {found["total_variation"]:.3f} '
            f'| {found["kl"]:.3f} | {sums[0]:.1f} | {sums[1]:.1f} |'
        )
    return '\n'.join(lines)


def report(
    results: Results, frequencies: Mapping[float, Mapping[str, Any]]
) -> str:
    """All tables, as Markdown."""
    factors = list(frequencies)
    parts = [frequency_table(frequencies)]
    parts += [table(results, metric, factors) for metric in METRICS]
    return '\n\n'.join(parts)


def figure(
    results: Results, frequencies: Mapping[float, Mapping[str, Any]]
) -> bytes:
    """The curves, as PNG: a panel for each metric, a line for each method."""
    places = {
        ratio(factor): f'{ratio(factor)}\nTV {found["total_variation"]:.2f}'
        for factor, found in frequencies.items()
    }
    panels = {
        title: {
            name: {
                ratio(factor): [score(run, metric) for run in runs]
                for factor, runs in of_method.items()
            }
            for name, of_method in results.items()
            if any(of_method.values())
        }
        for metric, title in METRICS.items()
    }
    return score_curves(
        panels,
        places,
        'how many times as frequent rare things are in the target (1/x: '
        'frequent ones)',
    )
