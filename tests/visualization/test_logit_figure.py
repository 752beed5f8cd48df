"""Curves and medians of the picture against SciPy."""

import io
import math

import numpy as np
import pytest
import torch
from matplotlib.colors import to_hex
from PIL import Image
from scipy.stats import norm

from mmseg_balance.logits import GaussianMixtureBank
from mmseg_balance.visualization.class_rows import OVER, UNDER, ClassRows
from mmseg_balance.visualization.logit_figure import (
    FOOT,
    NEGATIVE,
    PEAK,
    logit_ridges,
)

BIAS = torch.tensor([-0.2, 0.3, -0.1])


def fitted(means, sigma=1.0):
    """A bank of two equal Gaussians at +-1 around each mean."""
    means = torch.as_tensor(means, dtype=torch.float)
    bank = GaussianMixtureBank(means.shape, num_components=2)
    bank.means.copy_(means[..., None] + torch.tensor([-1.0, 1.0]))
    bank.variances.fill_(sigma**2)
    bank.num_updates.fill_(1)
    return bank


@pytest.fixture
def bank():
    torch.manual_seed(3)
    return fitted(6 * torch.eye(3) - 3 + torch.randn(3, 3))


@pytest.fixture
def anchors():
    return fitted([3.0, -3.0])


@pytest.fixture
def lines(monkeypatch):
    """Lines of the first column: (colour, x, y) each."""
    monkeypatch.setattr(ClassRows, 'png', lambda self, *_: self)

    def draw(*args):
        axis, _ = logit_ridges(*args).columns[0]
        return [
            (to_hex(li.get_color()), *map(np.asarray, li.get_data()))
            for li in axis.lines
        ]

    return draw


def pdf(z, *means):
    return sum(norm.pdf(z, m + s) for m in means for s in (-1, 1))


def test_curves_are_the_densities_by_falling_bias(lines, bank, anchors):
    curves = [li for li in lines('abc', BIAS, bank, anchors) if len(li[1]) > 2]
    means = bank.means.mean(-1).numpy()
    expected = []
    for row, c in enumerate([1, 2, 0]):
        others = [means[i, c] for i in range(3) if i != c]
        own = OVER if BIAS[c] > 0 else UNDER
        expected.append((row, NEGATIVE, others))
        expected.append((row, own, [means[c, c]]))
    assert len(curves) == len(expected)
    for (colour, z, y), (row, wanted, centres) in zip(curves, expected):
        assert colour.upper() == wanted
        density = pdf(z, *centres)
        height = PEAK * density / density.max()
        np.testing.assert_allclose(y, row + FOOT - height, atol=2e-3)
        assert z[0] < min(centres) - 1 and z[-1] > max(centres) + 1


def test_medians_of_classes_and_anchors(lines, bank, anchors):
    drawn = [li for li in lines('abc', BIAS, bank, anchors) if len(li[1]) == 2]
    at = [x[0] for _, x, _ in drawn]
    means = bank.means.mean(-1).numpy()
    # symmetric mixtures: the median is the mean
    np.testing.assert_allclose(
        at[1:6:2], means.diagonal()[[1, 2, 0]], atol=0.02
    )
    np.testing.assert_allclose(at[6:], [3, -3], atol=0.02)


def test_anchors_far_from_the_logits_are_in_the_picture(lines, bank):
    drawn = lines('abc', BIAS, bank, fitted([30.0, -40.0]))
    _, z, _ = next(li for li in drawn if len(li[1]) > 2)
    assert z[0] < -39.9 and z[-1] > 29.9


def test_narrow_component_is_neither_missed_nor_a_tower(lines, bank, anchors):
    """Half of the pixels within a hundredth of a bin."""
    bank.variances[1, 1, 0] = 1e-4
    curves = [li for li in lines('abc', BIAS, bank, anchors) if len(li[1]) > 2]
    _, z, y = curves[1]
    mass = (FOOT - y) / PEAK
    mass /= mass.sum()
    narrow = float(bank.means[1, 1, 0])
    near = np.abs(z - narrow) < 2 * (z[1] - z[0])
    broad = norm.pdf(z, float(bank.means[1, 1, 1])) * (z[1] - z[0]) / 2
    assert (mass - broad)[near].sum() == pytest.approx(0.5, abs=0.01)


def test_unfitted_classes_and_those_without_a_bias(lines, bank, anchors):
    bank.num_updates[2] = 0
    bank.means[2] = 1e4  # would stretch the axis
    bias = torch.tensor([-0.2, 0.3, math.nan])
    for values in (BIAS, bias):
        curves = [
            li for li in lines('abc', values, bank, anchors) if len(li[1]) > 2
        ]
        assert len(curves) == 4
        assert max(abs(z).max() for _, z, _ in curves) < 20
    bank.num_updates[0] = 0
    only = lines('abc', BIAS, bank, anchors)
    assert len([li for li in only if len(li[1]) > 2]) == 1  # no others


def test_many_classes(anchors):
    bank = fitted(6 * torch.eye(150) - 3)
    names = [f'class {i}' for i in range(150)]
    png = logit_ridges(names, torch.linspace(-1, 1, 150), bank, anchors)
    width, height = Image.open(io.BytesIO(png)).size
    assert width < 4000 and height < 2000


def test_bad_input(bank, anchors):
    with pytest.raises(ValueError, match='of 2 classes'):
        logit_ridges('ab', BIAS[:2], bank, anchors)
    with pytest.raises(ValueError, match='each of 3 classes'):
        logit_ridges('abc', BIAS[:2], bank, anchors)
    bank.num_updates.fill_(0)
    with pytest.raises(ValueError, match='nothing to draw'):
        logit_ridges('abc', BIAS, bank, anchors)
