"""Curves and histograms of the table against NumPy and SciPy."""

import numpy as np
import pytest
import torch
from scipy.stats import norm

from mmseg_balance.visualization.paper_figures import draw_logits


def curve(rows, model, name, kind, drawn_as):
    """Edges and densities of a curve or a histogram of the table."""
    keys = dict(
        model=model, distribution=kind, drawn_as=drawn_as, **{'class': name}
    )
    found = [
        [float(r[k]) for k in ('bin_low', 'bin_high', 'density')]
        for r in rows
        if all(r[k] == v for k, v in keys.items())
    ]
    low, high, density = np.array(found).T
    np.testing.assert_allclose(low[1:], high[:-1], rtol=1e-5, atol=1e-6)
    return np.append(low, high[-1]), density


def mean_density(edges, weights, means, variances):
    """Of a mixture in each bin, by SciPy."""
    cdf = norm.cdf(edges[:, None], means, np.sqrt(variances)) @ weights
    return np.diff(cdf) / np.diff(edges)


def test_table_is_what_samples_and_mixtures_are(biased, rows, size):
    drawn = draw_logits([biased])
    assert size(drawn.png)[0] == pytest.approx(3.25, abs=0.01)
    table = rows(drawn.tables[''])
    # the largest bias first; a bias near 0 is shown as well
    shown = list(dict.fromkeys(r['class'] for r in table))
    assert shown[0] == 'road' and 'train' in shown and 'sky' not in shown

    samples, valid = biased.samples.class_samples()
    weights, means, variances = (
        p.double().numpy() for p in biased.bank.parameters_
    )
    own = samples[2, 2, valid[2]].numpy()
    others = [samples[c, 2, valid[c]].numpy() for c in (0, 1)]
    for kind, expected, pairs in (
        ('positive', [own], [(2, 2)]),
        ('negative', others, [(0, 2), (1, 2)]),
    ):
        edges, density = curve(table, 'ours', 'train', kind, 'histogram')
        counts = [np.histogram(x, edges)[0] / len(x) for x in expected]
        found = density * np.diff(edges)
        # values beside an edge may move: it has 7 digits
        np.testing.assert_allclose(found, np.mean(counts, 0), atol=0.005)
        assert 0.98 < found.sum() <= 1 + 1e-6

        edges, density = curve(table, 'ours', 'train', kind, 'mixture')
        parts = [
            mean_density(edges, weights[p], means[p], variances[p])
            for p in pairs
        ]
        np.testing.assert_allclose(density, np.mean(parts, 0), atol=2e-4)
    for i, kind in enumerate(('positive', 'negative')):
        edges, density = curve(table, 'ours', 'train', kind, 'anchor')
        anchor = (p[i].double().numpy() for p in biased.anchors.parameters_)
        expected = mean_density(edges, *anchor)
        np.testing.assert_allclose(density, expected, atol=2e-4)


def test_table_of_mixtures_gives_the_curves(biased, rows):
    drawn = draw_logits([biased], [2])
    found = [
        [float(r[k]) for k in ('weight', 'mean', 'std')]
        for r in rows(drawn.tables['_mixtures'])
        if r['class'] == 'train' and r['distribution'] == 'negative'
    ]
    weights, means, stds = np.array(found).T
    assert weights.sum() == pytest.approx(1, abs=1e-5)
    table = rows(drawn.tables[''])
    edges, density = curve(table, 'ours', 'train', 'negative', 'mixture')
    expected = mean_density(edges, weights, means, stds**2)
    np.testing.assert_allclose(density, expected, atol=2e-4)


def test_models_side_by_side_have_the_classes_of_the_first(
    biased, measure, rows
):
    balanced = measure('balanced', share=-1.0, seed=1)
    assert balanced.bias[0] < 0 < biased.bias[0]
    drawn = draw_logits([biased, balanced], count=1)
    table = rows(drawn.tables[''])
    assert {(r['model'], r['class']) for r in table} == {
        (model, name)
        for model in ('ours', 'balanced')
        for name in ('road', 'train')
    }


def test_one_class_alone_has_no_negative_logits(measure, rows):
    drawn = draw_logits([measure(present=1)], [0])
    kinds = {
        (r['distribution'], r['drawn_as']) for r in rows(drawn.tables[''])
    }
    assert ('positive', 'histogram') in kinds
    assert ('negative', 'histogram') not in kinds


def test_classes_that_cannot_be_drawn(biased, measure):
    with pytest.raises(ValueError, match='sky: too few labelled pixels'):
        draw_logits([biased], [0, 3])
    nothing = torch.full((4,), torch.nan)
    unknown = type(biased)(
        **{**vars(biased), 'bias': nothing, 'name': 'empty'}
    )
    with pytest.raises(ValueError, match=r'no class has a bias.*\(empty\)'):
        draw_logits([unknown])
    other = type(biased)(
        **{**vars(biased), 'classes': ('a', 'b', 'c', 'd'), 'name': 'other'}
    )
    with pytest.raises(ValueError, match='of the same classes, but ours has'):
        draw_logits([biased, other])
    with pytest.raises(ValueError, match='Expected a bank of 2 classes'):
        type(biased)(**{**vars(biased), 'classes': ('a', 'b')})
