"""Cells of the matrix against SciPy."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import norm

from mmseg_balance.visualization.paper_figures.distributions.mixtures import (
    draw_mixtures,
)


def test_parameters_and_curves(biased, rows, size):
    drawn = draw_mixtures(biased, span=(-6, 9))
    assert size(drawn.png)[0] == pytest.approx(6.75, abs=0.01)
    table = rows(drawn.tables[''])
    curves = rows(drawn.tables['_curves'])
    pairs = {(r['pixels_of'], r['logit_of']) for r in table}
    # sky has no pixel, but a logit on the pixels of others
    assert ('road', 'sky') in pairs and ('sky', 'road') not in pairs
    weights, means, stds = (
        np.array([float(r[k]) for r in table if (r['pixels_of'], r['logit_of'])
                  == ('car', 'road')])
        for k in ('weight', 'mean', 'std')
    )  # fmt: skip
    np.testing.assert_allclose(means, biased.bank.means[1, 0], rtol=1e-5)
    cell = [
        r for r in curves if (r['pixels_of'], r['logit_of']) == ('car', 'road')
    ]
    low, high, density, height = (
        np.array([float(r[k]) for r in cell])
        for k in ('bin_low', 'bin_high', 'density', 'height')
    )
    assert (low[0], high[-1]) == (-6, 9)
    cdf = norm.cdf(np.append(low, high[-1])[:, None], means, stds) @ weights
    np.testing.assert_allclose(density, np.diff(cdf) / (high - low), atol=1e-4)
    np.testing.assert_allclose(height, density / density.max(), rtol=1e-4)
    anchors = {r['pixels_of'] for r in curves if not r['logit_of']}
    assert anchors == {'positive anchor', 'negative anchor'}


def test_chosen_classes_and_those_without_mixtures(biased, rows):
    drawn = draw_mixtures(biased, [3, 1])
    pairs = {(r['pixels_of'], r['logit_of']) for r in rows(drawn.tables[''])}
    pairs = {p for p in pairs if p[1]}
    assert pairs == {('car', 'sky'), ('car', 'car')}
    assert drawn.png != draw_mixtures(replace(biased), [1, 3]).png
