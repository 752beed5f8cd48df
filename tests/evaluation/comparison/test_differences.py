"""Intervals against direct enumeration, and what pairs are."""

import itertools
import math

import numpy as np
import pytest
from scipy import stats

from mmseg_balance.evaluation.comparison.differences import (
    bootstrap_interval,
    paired_difference,
    t_interval,
)
from mmseg_balance.evaluation.comparison.runs import ScoredRun
from mmseg_balance.evaluation.comparison.seeds import over_seeds, spread


def all_resamples(values):
    """Mean of each of the n^n equally likely resamples."""
    found = itertools.product(values, repeat=len(values))
    return sorted(sum(resample) / len(values) for resample in found)


@pytest.mark.parametrize('values', [(1.0, 4.0), (-2.0, 0.5, 0.25)])
def test_two_or_three_pairs_have_their_range(values):
    means = all_resamples(values)
    # the ends are more likely than 2.5 % each
    share = sum(mean == means[0] for mean in means) / len(means)
    assert share > 0.025
    low, high = bootstrap_interval(values)
    assert low == pytest.approx(min(values))
    assert high == pytest.approx(max(values))


def test_more_pairs_have_the_percentiles_of_all_resamples():
    values = (0.3, -1.2, 2.4, 0.9, 1.1, -0.2)
    means = all_resamples(values)
    exact = np.percentile(means, [2.5, 97.5])
    found = bootstrap_interval(values)
    assert found == pytest.approx(exact, abs=0.06)
    # the same again
    assert bootstrap_interval(values) == found


def test_t_interval_is_that_of_a_paired_test():
    first, second = [38.0, 41.0, 40.5], [37.1, 40.2, 37.9]
    theirs = stats.ttest_rel(first, second).confidence_interval(0.95)
    ours = t_interval(np.subtract(first, second))
    assert ours == pytest.approx((theirs.low, theirs.high))


def test_equal_differences_have_no_width():
    for interval in (bootstrap_interval, t_interval):
        assert interval([0.5, 0.5, 0.5]) == pytest.approx((0.5, 0.5))


def runs(method, scores):
    return [ScoredRun(method, s, dict(mIoU=v)) for s, v in scores.items()]


def test_pairs_are_seeds_that_both_have():
    method = runs('a', {0: 5.0, 1: 7.0, 2: math.nan, None: 90.0})
    base = runs('b', {None: 1.0, 2: 3.0, 1: 6.5, 0: 4.0, 7: 50.0})
    found = paired_difference(method, base, 'mIoU')
    assert (found.method, found.baseline) == ('a', 'b')
    assert found.seeds == (0, 1) and found.values == (1.0, 0.5)
    assert found.mean == 0.75
    assert found.bootstrap == pytest.approx((0.5, 1.0))


def test_one_pair_has_no_interval_and_none_has_no_difference():
    found = paired_difference(runs('a', {0: 5.0}), runs('b', {0: 4}), 'mIoU')
    assert found.mean == 1.0 and len(found.seeds) == 1
    assert found.bootstrap is None and found.student_t is None
    assert paired_difference(runs('a', {0: 5}), runs('b', {1: 4}), 'mIoU') is (
        None
    )
    assert paired_difference(runs('a', {0: 5}), runs('b', {0: 4}), 'x') is None


def test_spread_over_seeds():
    found = spread([1.0, 4.0, math.nan, 4.0])
    assert found.num == 3 and found.mean == 3.0
    # sqrt((4 + 1 + 1) / 2)
    assert found.std == pytest.approx(3**0.5)
    assert str(found) == '3.0 +- 1.7'
    assert spread([2.0]).std is None and str(spread([2.0])) == '2.0'
    assert spread([math.nan]) is None and spread([]) is None
    scores = over_seeds(
        [
            ScoredRun('a', 0, {'mIoU': 1.0, 'IoU.x': 5.0}),
            ScoredRun('a', 1, {'mIoU': 3.0, 'IoU.y': math.nan}),
        ]
    )
    assert {key: value.num for key, value in scores.items()} == {
        'mIoU': 2,
        'IoU.x': 1,
    }
