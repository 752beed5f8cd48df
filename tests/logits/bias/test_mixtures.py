"""Eq. 5 against Monte Carlo, divergence against scipy, Eq. 7 by hand."""

import math

import numpy as np
import pytest
import torch
from scipy.integrate import quad
from scipy.spatial.distance import jensenshannon
from scipy.stats import norm

from mmseg_balance.logits import GaussianMixtureBank, logit_offset
from mmseg_balance.logits.bias.mixtures import (
    js_divergence,
    mixture_bias,
    winning_probability,
)
from mmseg_balance.logits.post_hoc.scores import post_hoc_scores


def random_bank(shape, collapsed=False):
    bank = GaussianMixtureBank(shape)
    bank.weights.uniform_(0.1, 1)
    bank.weights.div_(bank.weights.sum(-1, keepdim=True))
    bank.means.normal_(0, 2)
    bank.variances.uniform_(0.3, 2)
    if collapsed:
        bank.variances[..., :2] = 1e-4
    bank.num_updates.fill_(1)
    return bank


def draw(bank, size):
    """Independent draws of each mixture, (*shape, size)."""
    component = torch.multinomial(
        bank.weights.flatten(0, -2), size, replacement=True
    ).view(*bank.shape, size)
    mean, variance = (
        p.gather(-1, component) for p in (bank.means, bank.variances)
    )
    return mean + variance.sqrt() * torch.randn_like(mean)


@pytest.mark.parametrize('collapsed', [False, True])
def test_mixture_bias_is_that_of_monte_carlo(collapsed):
    bank = random_bank((5, 5), collapsed)
    size = 200_000
    winner = draw(bank, size).argmax(1)  # (label, size)
    counts = torch.stack([w.bincount(minlength=5) for w in winner])
    expected = counts.double().mean(0) / size - 1 / 5
    # five standard errors of a mean of five proportions
    bound = 5 * 0.5 / (5 * size) ** 0.5
    bias = mixture_bias(bank)
    assert (bias - expected).abs().max() < bound
    assert abs(bias.sum()) < 1e-4


def test_two_gaussians_have_a_closed_form():
    parameters = (
        torch.ones(2, 1),
        torch.tensor([[0.0], [1.0]]),
        torch.tensor([[1.0], [4.0]]),
    )
    first, second = winning_probability(*parameters).tolist()
    assert second == pytest.approx(norm.cdf(1 / math.sqrt(5)), abs=1e-4)
    assert first + second == pytest.approx(1, abs=1e-4)


def test_rows_that_were_never_fitted_are_left_out():
    bank = random_bank((4, 4))
    whole = random_bank((4, 4))
    whole.load_state_dict(bank.state_dict())
    bank.num_updates[2] = 0
    bias = mixture_bias(bank)
    rows = torch.stack(
        [
            winning_probability(*(p[c] for p in bank.parameters_))
            for c in (0, 1, 3)
        ]
    )
    torch.testing.assert_close(
        bias[[0, 1, 3]], rows.mean(0)[[0, 1, 3]] - 1 / 3
    )
    assert bias[2].isnan() and not mixture_bias(whole).isnan().any()


def density(bank, *index):
    parameters = [p[index].double().numpy() for p in bank.parameters_]
    return lambda z: sum(
        w * norm.pdf(z, m, np.sqrt(v)) for w, m, v in zip(*parameters)
    )


def test_js_divergence_is_that_of_scipy():
    bank, anchors = random_bank((3, 3)), random_bank((2,))
    found = js_divergence(bank, anchors)
    z = np.linspace(-20, 20, 40001)
    for c in range(3):
        for logit in range(3):
            p = density(bank, c, logit)
            q = density(anchors, 0 if c == logit else 1)
            expected = jensenshannon(p(z), q(z)) ** 2
            assert float(found[c, logit]) == pytest.approx(expected, abs=1e-4)


def test_js_divergence_of_collapsed_components():
    bank, anchors = random_bank((2, 2), collapsed=True), random_bank((2,))
    p, q = density(bank, 0, 0), density(anchors, 0)

    def term(z):
        middle = (p(z) + q(z)) / 2
        return sum(
            d * math.log(d / middle) / 2 for d in (p(z), q(z)) if d > 1e-300
        )

    peaks = bank.means[0, 0].tolist() + anchors.means[0].tolist()
    edges = sorted({x + d for x in peaks for d in (-0.06, 0, 0.06)})
    edges = [-20, *edges, 20]
    expected = sum(
        quad(term, a, b, limit=200)[0] for a, b in zip(edges[:-1], edges[1:])
    )
    found = js_divergence(bank, anchors)[0, 0]
    assert float(found) == pytest.approx(expected, abs=1e-3)


def test_js_divergence_is_0_for_the_same_and_log_2_for_the_distant():
    anchors = random_bank((2,))
    bank = random_bank((2, 2))
    for own, other in zip(bank.parameters_, anchors.parameters_):
        own[0, 0] = other[0]
        own[0, 1] = other[1]
    bank.means[1] += 1000
    bank.num_updates[1, 0] = 0
    found = js_divergence(bank, anchors)
    assert found[0].abs().max() < 1e-9
    assert float(found[1, 1]) == pytest.approx(math.log(2), abs=1e-4)
    assert found[1, 0].isnan()


@pytest.mark.parametrize('space', [(), (4,), (3, 2)])
def test_post_hoc_scores_are_those_of_a_double_loop(space):
    bank, anchors = random_bank((3, 3)), random_bank((2,))
    bank.num_updates[1, 2] = 0
    logits = torch.randn(2, 3, *space) * 3
    scores = post_hoc_scores(logits, bank, anchors, tau=0.7)
    assert scores.shape == logits.shape
    flat = logits.movedim(1, -1).reshape(-1, 3)
    for z, row in zip(flat, scores.movedim(1, -1).reshape(-1, 3)):
        for c in range(3):
            offset = logit_offset(
                z[None], torch.tensor([c]), bank, anchors, grid_size=None
            )[0]
            moved = [math.exp(float(v + 0.7 * d)) for v, d in zip(z, offset)]
            assert float(row[c]) == pytest.approx(
                math.log(moved[c] / sum(moved)), abs=2e-2
            )


def test_post_hoc_with_tau_0_is_log_softmax(monkeypatch):
    monkeypatch.setattr('mmseg_balance.logits.post_hoc.scores._CHUNK', 7)
    bank, anchors = random_bank((3, 3)), random_bank((2,))
    logits = torch.randn(2, 3, 5)
    torch.testing.assert_close(
        post_hoc_scores(logits, bank, anchors, tau=0.0),
        logits.log_softmax(1),
    )


def test_post_hoc_lifts_an_under_predicted_class():
    """A class whose logits are lower loses pixels until it is balanced."""
    torch.manual_seed(1)
    bank, anchors = GaussianMixtureBank((2, 2)), GaussianMixtureBank((2,))
    for each in (bank, anchors):
        each.weights.fill_(0.2)
        each.variances.fill_(1.0)
        each.num_updates.fill_(1)
    # rows: label; columns: logit; class 1 is under-predicted
    centre = torch.tensor([[3.0, 0.0], [2.0, 1.0]])
    bank.means.copy_(centre[..., None].expand(2, 2, 5))
    anchors.means.copy_(torch.tensor([[2.0], [1.0]]).expand(2, 5))
    labels = torch.arange(2).repeat_interleave(5000)
    logits = centre[labels] + torch.randn(10000, 2)
    plain = (logits.argmax(1) == labels).view(2, -1).float().mean(1)
    scores = post_hoc_scores(logits, bank, anchors, tau=1.0)
    balanced = (scores.argmax(1) == labels).view(2, -1).float().mean(1)
    assert plain[0] > 0.9 > 0.4 > plain[1]
    assert abs(balanced[0] - balanced[1]) < 0.3
    assert balanced[1] > plain[1] + 0.3


@pytest.mark.parametrize('tau', [-0.1, float('nan'), float('inf')])
def test_tau_out_of_range(tau):
    bank, anchors = random_bank((2, 2)), random_bank((2,))
    with pytest.raises(ValueError, match='`tau`'):
        post_hoc_scores(torch.zeros(1, 2), bank, anchors, tau)


def test_banks_that_cannot_balance():
    bank, anchors = random_bank((2, 2)), random_bank((2,))
    with pytest.raises(ValueError, match='3 classes.*of 2'):
        post_hoc_scores(torch.zeros(1, 3), bank, anchors)
    empty = GaussianMixtureBank((2, 2))
    with pytest.raises(ValueError, match='`bank` was never fitted'):
        post_hoc_scores(torch.zeros(1, 2), empty, anchors)
    with pytest.raises(ValueError, match='`anchors` was never fitted'):
        post_hoc_scores(torch.zeros(1, 2), bank, GaussianMixtureBank((2,)))


@pytest.mark.parametrize('gap', [1, 20, 400, 1e5])
def test_divergence_of_narrow_mixtures_far_apart_is_log_2(gap):
    bank, anchors = GaussianMixtureBank((2, 2)), GaussianMixtureBank((2,))
    for each, mean in ((bank, 0.0), (anchors, gap)):
        each.means.fill_(mean)
        each.variances.fill_(1e-4)
        each.num_updates.fill_(1)
    divergence = js_divergence(bank, anchors)
    expected = torch.full((2, 2), np.log(2), dtype=torch.float64)
    torch.testing.assert_close(divergence, expected, rtol=0, atol=1e-4)
    assert (divergence <= np.log(2)).all()
