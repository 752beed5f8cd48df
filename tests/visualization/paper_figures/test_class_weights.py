"""Means over windows and classes against NumPy on all the weights."""

import numpy as np
import pytest

from mmseg_balance.visualization.paper_figures.class_weights import (
    WeightLog,
    draw_weights,
    draw_weights_by_class,
)

NAMES = [f'c{i}' for i in range(10)]
CALLS = (4, 4, 4, 4, 2)


@pytest.fixture
def weights():
    """Weights of all calls, the rarer class the larger, (18, 10)."""
    rng = np.random.default_rng(0)
    return rng.random((sum(CALLS), 10)) + np.arange(10)


@pytest.fixture
def log(weights):
    """What the hook would note of them."""
    parts = np.split(weights, np.cumsum(CALLS)[:-1])
    return WeightLog(
        NAMES,
        np.cumsum(CALLS),
        np.array(CALLS),
        np.array([p.mean(0) for p in parts]),
        np.array([p.max(0) for p in parts]),
        np.array([p.var(0) for p in parts]),
    )


def test_windows_that_are_drawn_are_means_of_the_calls(log, weights, rows):
    table = rows(draw_weights(log, points=3).tables[''])
    # the largest and the smallest of ten
    assert list(dict.fromkeys(r['class'] for r in table)) == NAMES
    left_out = {r['class'] for r in table if r['drawn'] == 'no'}
    assert left_out == {'c4', 'c5'}
    found = [r for r in table if r['class'] == 'c7']
    spans = [(0, 4), (4, 12), (12, 18)]
    for row, (begin, end) in zip(found, spans, strict=True):
        assert (row['from iteration'], row['to iteration']) == (
            str(begin), str(end),
        )  # fmt: skip
        expected = weights[begin:end, 7].mean()
        assert float(row['mean weight']) == pytest.approx(expected, rel=1e-5)
    chosen = rows(draw_weights(log, [4]).tables[''])
    assert [r['class'] for r in chosen if r['drawn'] == 'yes'] == ['c4'] * 5


def test_table_by_class(log, weights, rows, size):
    shares = np.linspace(10, 1, 10) / 55
    iou, base = np.arange(10.0), np.full(10, 3.0)
    iou[2] = np.nan
    drawn = draw_weights_by_class(log, shares[::-1], iou, base)
    assert size(drawn.png)[0] == pytest.approx(3.25, abs=0.01)
    table = rows(drawn.tables[''])
    assert [r['class'] for r in table] == NAMES[::-1]
    for row in table:
        c = int(row['class'][1:])
        expected = {
            'share of source pixels': 100 * shares[::-1][c],
            'mean weight': weights[:, c].mean(),
            'largest weight': weights[:, c].max(),
            'std of the weight': weights[:, c].std(),
            'IoU of the baseline': 3.0,
        }
        for key, value in expected.items():
            assert float(row[key]) == pytest.approx(value, rel=1e-5)
        assert row['IoU'] == ('' if c == 2 else str(c))


def test_without_shares_and_scores(log, rows):
    table = rows(draw_weights_by_class(log).tables[''])
    assert [r['class'] for r in table] == NAMES[::-1]  # by largest weight
    assert {r['IoU'] for r in table} == {''}


def test_of_many_classes_the_ends(log, rows):
    many = WeightLog(
        [f'c{i}' for i in range(60)],
        log.iterations,
        log.calls,
        *(np.tile(v, 6) for v in (log.mean, log.largest, log.variance)),
    )
    table = rows(draw_weights_by_class(many).tables[''])
    drawn = [r['drawn'] for r in table]
    assert drawn == ['yes'] * 15 + ['no'] * 30 + ['yes'] * 15
