"""Rows, medians and rank correlations against SciPy."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.optimize import brentq
from scipy.stats import norm, spearmanr

from mmseg_balance.logits.bias import mixture_bias
from mmseg_balance.logits.mixtures.gmm import GaussianMixtureBank
from mmseg_balance.visualization.paper_figures import ModelLogits, draw_bias

KINDS = dict(positive='median of positive', negative='median of negative')


def median(parameters):
    weights, means, variances = (np.asarray(p) for p in parameters)
    stds = np.sqrt(variances)
    return brentq(lambda z: norm.cdf(z, means, stds) @ weights - 0.5, -30, 30)


def test_rows_are_in_the_order_of_the_bias(biased, rows, size):
    by_mixtures = mixture_bias(biased.bank)
    drawn = draw_bias(biased, by_mixtures)
    assert size(drawn.png)[0] == pytest.approx(3.25, abs=0.01)
    table = rows(drawn.tables[''])
    assert table[0]['class'] == 'road' and table[-1]['class'] == 'sky'
    assert [r['rank'] for r in table] == ['1', '2', '3', '']
    assert table[-1]['bias, Eq. 4'] == table[-1]['bias, Eq. 5'] == ''
    columns = {key: [] for key in ('bias, Eq. 5', *KINDS.values())}
    for row in table[:3]:
        c = biased.classes.index(row['class'])
        points = 100 * float(biased.bias[c])
        assert float(row['bias, Eq. 4']) == pytest.approx(points, rel=1e-5)
        for kind, key in KINDS.items():
            found = float(row[f'{key} logits'])
            expected = median(biased.mixture(c, kind))
            assert found == pytest.approx(expected, abs=0.02)
            columns[key].append(expected)
        columns['bias, Eq. 5'].append(float(by_mixtures[c]))
    for row in rows(drawn.tables['_ranks']):
        assert row['classes'] == '3'
        key = row['quantity'].removesuffix(' logits')
        expected = spearmanr(columns[key], [3, 2, 1]).statistic
        found = float(row['rank correlation with bias, Eq. 4'])
        assert found == pytest.approx(expected)


def test_curves_have_their_peak_at_one(biased, rows):
    drawn = draw_bias(biased, mixture_bias(biased.bank), classes=[0, 1])
    curves = rows(drawn.tables['_distributions'])
    names = {r['class'] for r in curves} - {''}
    assert names == {'road', 'car'}
    heights = [float(r['height']) for r in curves if r['class'] == 'car']
    assert max(heights) == 1 and min(heights) >= 0
    assert [r['drawn'] for r in rows(drawn.tables[''])].count('yes') == 2
    with pytest.raises(ValueError, match='none of the classes to draw'):
        draw_bias(biased, mixture_bias(biased.bank), classes=[3])


def test_of_many_classes_the_ends_are_drawn(rows):
    num = 150
    bank = GaussianMixtureBank((num, num), num_components=1)
    bank.num_updates.fill_(1)
    bank.num_updates[7] = 0  # too few pixels
    anchors = GaussianMixtureBank((2,))
    bias = torch.linspace(-0.1, 0.1, num)
    names = [f'a class with a long name {i}' for i in range(num)]
    model = ModelLogits('ade', names, bias, bank, anchors)
    drawn = draw_bias(model, bias)
    table = rows(drawn.tables[''])
    assert [r['drawn'] for r in table] == (
        ['yes'] * 15 + ['no'] * 120 + ['yes'] * 15
    )
    curves = rows(drawn.tables['_distributions'])
    assert len({r['class'] for r in curves} - {''}) == 29
    same = replace(model, classes=names[::-1])
    assert draw_bias(same, bias).png != drawn.png
