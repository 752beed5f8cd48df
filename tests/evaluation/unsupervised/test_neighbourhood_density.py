"""Soft neighbourhood density against the formula of the paper."""

import math

import numpy as np
import pytest
import torch
from scipy.spatial.distance import cosine

from mmseg_balance.evaluation.unsupervised import neighbourhood_density
from mmseg_balance.evaluation.unsupervised.neighbourhood_density import (
    TEMPERATURE,
    soft_neighbourhood_density,
)


def by_formula(rows, temperature):
    """Eq. 2 to 4 of the paper, pair by pair."""
    total = 0.0
    for i in range(len(rows)):
        others = [j for j in range(len(rows)) if j != i]
        weights = [
            math.exp((1 - cosine(rows[i], rows[j])) / temperature)
            for j in others
        ]
        shares = [w / sum(weights) for w in weights]
        total -= sum(s * math.log(s) for s in shares if s > 0)
    return total / len(rows)


@pytest.mark.parametrize('temperature', [TEMPERATURE, 1.0])
@pytest.mark.parametrize('num', [3, 40])
def test_the_formula(num, temperature):
    rows = torch.randn(num, 5).mul(2).softmax(1)
    found = soft_neighbourhood_density(rows, temperature)
    expected = by_formula(rows.numpy().astype(np.float64), temperature)
    assert found == pytest.approx(expected, rel=1e-6)


def test_chunks_of_rows_change_nothing(monkeypatch):
    rows = torch.randn(23, 4).softmax(1)
    whole = soft_neighbourhood_density(rows)
    monkeypatch.setattr(neighbourhood_density, '_CHUNK', 60)
    assert soft_neighbourhood_density(rows) == pytest.approx(whole, rel=1e-12)


def test_what_the_density_prefers():
    """Dense clusters over scattered predictions; sizes of clusters count."""
    clusters = torch.eye(4).repeat_interleave(5, 0)
    assert soft_neighbourhood_density(clusters) == pytest.approx(
        math.log(4), abs=1e-4
    )
    scattered = torch.rand(20, 4)
    alike = torch.tensor([[0.7, 0.3]]).expand(20, 2)
    assert soft_neighbourhood_density(alike) == pytest.approx(math.log(19))
    assert soft_neighbourhood_density(scattered) < math.log(19)


def test_too_few_predictions():
    assert math.isnan(soft_neighbourhood_density(torch.ones(1, 3)))
    assert soft_neighbourhood_density(torch.rand(2, 3)) == 0
