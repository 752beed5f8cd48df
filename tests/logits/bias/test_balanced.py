"""Bias by Eq. 5 under Eq. 7, against integrals on a grid."""

import numpy as np
import pytest
import torch
from scipy import stats

from mmseg_balance.logits import GaussianMixtureBank, OffsetTable
from mmseg_balance.logits.bias import balanced_bias, mixture_bias
from mmseg_balance.logits.post_hoc.scores import post_hoc_scores


def fitted(shape, spread=1.0):
    bank = GaussianMixtureBank(shape, num_components=3)
    bank.means.normal_(0, spread)
    bank.variances.uniform_(0.3, 1.5)
    bank.weights.copy_(torch.rand(bank.weights.shape).softmax(-1))
    bank.num_updates.fill_(1)
    return bank


def density(bank, c, label, z):
    return sum(
        float(w) * stats.norm.pdf(z, float(m), float(v) ** 0.5)
        for w, m, v in zip(
            *(p[c, label] for p in bank.parameters_), strict=True
        )
    )


@pytest.mark.parametrize('tau', [0.0, 0.7, 1.5])
def test_of_two_classes_an_integral_over_the_plane(tau):
    torch.manual_seed(3)
    bank, anchors = fitted((2, 2)), fitted((2,))
    table = OffsetTable.build([bank], anchors)
    z = np.linspace(-8, 8, 400)
    grid = torch.tensor(np.stack(np.meshgrid(z, z, indexing='ij'))).float()
    decided = post_hoc_scores(grid[None], bank, anchors, tau)[0].argmax(0)
    expected = np.full(2, -0.5)
    for c in range(2):
        joint = np.outer(density(bank, c, 0, z), density(bank, c, 1, z))
        joint /= joint.sum()
        for label in range(2):
            expected[label] += joint[decided.numpy() == label].sum() / 2
    found = balanced_bias(bank, table, [tau])[0]
    # 131072 draws: 4 standard errors
    np.testing.assert_allclose(found, expected, atol=4 * 0.5 / 2**8.5)


@pytest.mark.parametrize('domain', [0, 1])
def test_at_tau_0_it_is_that_of_the_mixtures(domain):
    torch.manual_seed(0)
    banks = [fitted((5, 5)) for _ in range(2)]
    banks[domain].num_updates[3, 1] = 0
    table = OffsetTable.build(banks, fitted((2,)))
    found = balanced_bias(banks[domain], table, [0.0, 1.0], domain)
    expected = mixture_bias(banks[domain])
    assert found[:, 3].isnan().all() and expected[3].isnan()
    torch.testing.assert_close(
        found[0], expected, atol=5e-3, rtol=0, equal_nan=True
    )
    assert (found[1] - found[0]).abs().nansum() > 0.05
    again = balanced_bias(banks[domain], table, [1.0], domain)
    assert torch.equal(again[0].nan_to_num(), found[1].nan_to_num())


def test_tau_1_balances_mixtures_of_one_shape():
    """Alg. 1 aligns them all with the anchors, and the bias is gone."""
    torch.manual_seed(0)
    bank, anchors = (
        GaussianMixtureBank(s, num_components=1) for s in ((4, 4), (2,))
    )
    for each in (bank, anchors):
        each.num_updates.fill_(1)
        each.variances.fill_(1.0)
    bank.means.copy_(torch.randn(4, 1, 1) + torch.randn(1, 4, 1))
    table = OffsetTable.build([bank], anchors, clip=0.0001)
    found = balanced_bias(bank, table, [0.0, 1.0])
    assert found[0].abs().max() > 0.1
    assert found[1].abs().max() < found[0].abs().max() / 4
