"""Means over windows of the shares of pseudo-labels."""

from dataclasses import replace

import numpy as np
import pytest

from mmseg_balance.visualization.paper_figures.pseudo_labels import (
    LabelShares,
    draw_pseudo_labels,
)

NAMES = [f'c{i}' for i in range(9)]


def test_table_has_the_mean_share_of_each_window(rows, size):
    rng = np.random.default_rng(0)
    shares = rng.dirichlet(np.arange(9) + 0.1, 100)
    shares[:, 0] = np.nan  # not logged where there is none: counts as 0
    source = rng.dirichlet(np.ones(9))
    training = LabelShares('dacs', np.arange(10, 1010, 10), shares, source)
    drawn = draw_pseudo_labels([training], NAMES)
    assert size(drawn.png)[0] == pytest.approx(3.25, abs=0.01)
    table = rows(drawn.tables[''])
    assert len(table) == 9 * 40  # of two or three times each
    assert {r['share of pseudo-labels'] for r in table[:40]} == {'0'}
    third = [r for r in table if r['class'] == 'c3']
    assert third[1]['from iteration'] == '30'
    assert third[1]['to iteration'] == '50'
    found = float(third[1]['share of pseudo-labels'])
    assert found == pytest.approx(100 * shares[2:5, 3].mean(), rel=1e-5)
    assert third[-1]['from iteration'] == '980'
    assert third[-1]['to iteration'] == '1000'
    marks = [
        float(r['share of source labels'])
        for r in rows(drawn.tables['_source'])
    ]
    assert marks == pytest.approx(100 * source, rel=1e-5)


def test_a_single_time_and_two_trainings(size):
    one = LabelShares('a', np.array([50]), np.full((1, 9), 1 / 9))
    resampled = replace(one, name='b', source=np.eye(9)[0])
    drawn = draw_pseudo_labels([one, resampled], NAMES, [0, 1], width=6.75)
    assert size(drawn.png)[0] == pytest.approx(6.75, abs=0.01)
    assert {r[0] for r in drawn.tables[''].rows} == {'a', 'b'}
    # each training has the marks of its own source
    assert {r[0] for r in drawn.tables['_source'].rows} == {'b'}
