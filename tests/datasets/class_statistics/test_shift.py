"""How far two data sets' class frequencies are from one another."""

import numpy as np
import pytest
from scipy.special import rel_entr

from mmseg_balance.datasets.class_statistics.shift import (
    divergence,
    shift_table,
    total_variation,
)

SOURCE = np.array([600, 300, 100])
TARGET = np.array([10, 70, 20])


def test_distances_against_sums_by_hand():
    # |.6 - .1| + |.3 - .7| + |.1 - .2| = 1.0
    assert total_variation(TARGET, SOURCE) == pytest.approx(0.5)
    expected = rel_entr([0.1, 0.7, 0.2], [0.6, 0.3, 0.1]).sum()
    assert divergence(TARGET, SOURCE) == pytest.approx(expected)
    assert divergence(SOURCE, SOURCE) == total_variation(SOURCE, SOURCE) == 0
    apart = np.array([1, 0, 0]), np.array([0, 1, 1])
    assert total_variation(*apart) == 1 and divergence(*apart) == np.inf


def test_table_has_shares_and_ratios():
    text = shift_table(
        np.array([600, 400, 0]),
        {'train': TARGET, 'val': np.array([6, 4, 0])},
        ['road', 'car', 'bus'],
    )
    head, *lines = text.splitlines()
    assert head.split()[-6:] == [
        'train',
        '(%)',
        'ratio',
        'val',
        '(%)',
        'ratio',
    ]
    cells = [line.split() for line in lines]
    assert cells[0] == ['road', '60.000', '10.000', '0.17', '60.000', '1.00']
    assert cells[1] == ['car', '40.000', '70.000', '1.75', '40.000', '1.00']
    # the source has none, so the target has no multiple of it
    assert cells[2] == ['bus', '0.000', '20.000', 'nan', '0.000', 'nan']
    assert cells[3] == ['total', 'variation', '0.500', '0.000']
    assert cells[4] == ['KL', 'inf', '0.000']
