"""Mixture banks against scipy, scikit-learn and the public code."""

import numpy as np
import pytest
import torch
from helpers.public_banks import load_bank
from helpers.reference import corner, reference, whole_files
from scipy.stats import norm
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture

from mmseg_balance.logits import GaussianMixtureBank
from mmseg_balance.logits.mixtures.em import em_moments, em_step

NAMES = ('weights', 'means', 'variances')


def random_bank(shape, **kwargs):
    bank = GaussianMixtureBank(shape, **kwargs)
    bank.weights.uniform_(0.1, 1)
    bank.weights.div_(bank.weights.sum(-1, keepdim=True))
    bank.means.normal_(0, 3)
    bank.variances.uniform_(0.2, 2)
    return bank


def test_cdf_is_that_of_scipy():
    bank = random_bank((2, 3))
    z = torch.randn(2, 3, 50) * 5
    cdf = bank.cdf(z)
    for i in range(2):
        for j in range(3):
            expected = sum(
                w * norm.cdf(z[i, j].numpy(), m, np.sqrt(v))
                for w, m, v in zip(
                    *(p[i, j].double().numpy() for p in bank.parameters_)
                )
            )
            np.testing.assert_allclose(cdf[i, j], expected, atol=1e-6)


def test_em_is_that_of_scikit_learn():
    samples = torch.cat([torch.randn(300), torch.randn(200) * 0.5 + 4])
    bank = random_bank((1,), num_components=3)
    bank.means.copy_(torch.tensor([[-1.0, 1.0, 3.0]]))
    start = [p[0].double().numpy() for p in bank.parameters_]
    model = GaussianMixture(
        3,
        max_iter=3,
        tol=0,
        reg_covar=0,
        weights_init=start[0] / start[0].sum(),
        means_init=start[1][:, None],
        precisions_init=1 / start[2][:, None, None],
    )
    with pytest.warns(ConvergenceWarning):
        model.fit(samples[:, None].double().numpy())
    # scikit-learn's last M step follows its third E step, as ours does
    weights, means, variances = bank.fit(samples[None], 3)
    np.testing.assert_allclose(weights[0], model.weights_, atol=1e-4)
    np.testing.assert_allclose(means[0], model.means_[:, 0], atol=1e-4)
    np.testing.assert_allclose(
        variances[0], model.covariances_[:, 0, 0], atol=1e-4
    )


@pytest.mark.parametrize('file', ['gmm_em_fit', *whole_files('gmm_em_fit')])
def test_fit_changes_nothing_and_agrees_with_the_public_code(file):
    data = reference(file)
    bank = GaussianMixtureBank((6, 6))
    for name in NAMES:
        getattr(bank, name).copy_(data[f'{name}_init'])
    # of one sample, the share of each component is its count
    singles = data['data'].unsqueeze(-1)
    each = tuple(p.unsqueeze(-2) for p in bank.parameters_)
    shares = em_moments(
        singles, tuple(p.expand(*singles.shape[:-1], 5) for p in each)
    )[0].float()
    torch.testing.assert_close(
        corner(shares, data['posteriors_first_E_step']),
        data['posteriors_first_E_step'],
        rtol=1e-4,
        atol=1e-5,
    )
    for loops in (1, 2, 3, 10):
        fitted = bank.fit(data['data'], loops)
        for name, value in zip(NAMES, fitted):
            torch.testing.assert_close(
                value, data[f'{name}_T{loops}'], rtol=1e-4, atol=1e-4
            )
    fitted = bank.fit(data['degenerate_data'], 3)
    for name, value in zip(NAMES, fitted):
        torch.testing.assert_close(
            value, data[f'degenerate_{name}_T3'], rtol=1e-4, atol=1e-4
        )
    assert torch.equal(bank.means, data['means_init'])


@pytest.mark.parametrize(
    'file', ['gmm_ema_i0', 'gmm_ema_i300', 'gmm_ema_anchor']
)
def test_update_agrees_with_the_public_code(file):
    data = reference(file)
    bank = load_bank(data, 'init_', data['init_weights'].shape[:-1])
    for i, (samples, mask) in enumerate(
        zip(data['step_data'], data['step_mask'].bool())
    ):
        # the public code counts a step in which no pair takes part as well
        bank.step.copy_(data['step_i_before'][i])
        bank.update(samples, mask, int(data['em_loops']))
        for name in NAMES:
            torch.testing.assert_close(
                getattr(bank, name),
                data[f'step_{name}'][i],
                rtol=1e-4,
                atol=1e-4,
            )
        assert torch.equal(
            bank.num_updates, data['step_updated_mask'][i].long()
        )
        assert torch.equal(
            bank.staleness, data['step_noupdated_after'][i, ..., 0].long()
        )


def test_momentum_step_by_hand():
    bank = random_bank((2,), momentum=0.9, warmup=10)
    bank.step.fill_(4)
    bank.staleness.copy_(torch.tensor([3, 1]))
    before = bank.means.clone()
    samples = torch.randn(2, 40)
    fitted = bank.fit(samples, 3)[1]
    bank.update(samples, torch.tensor([True, False]), 3)
    keep = (0.9 * 0.4) ** 3
    torch.testing.assert_close(
        bank.means[0], keep * before[0] + (1 - keep) * fitted[0]
    )
    assert torch.equal(bank.means[1], before[1])
    assert bank.num_updates.tolist() == [1, 0]
    assert bank.staleness.tolist() == [1, 2]
    assert bank.step == 5


def test_without_a_ramp_the_first_update_of_a_pair_replaces():
    bank = random_bank((2,), warmup=0)
    bank.num_updates[1] = 1
    before = bank.means.clone()
    samples = torch.randn(2, 40)
    fitted = bank.fit(samples, 3)[1]
    bank.update(samples, torch.tensor([True, True]))
    torch.testing.assert_close(bank.means[0], fitted[0])
    torch.testing.assert_close(
        bank.means[1], 0.99 * before[1] + 0.01 * fitted[1]
    )


def test_an_empty_mask_only_ages_the_bank():
    bank = random_bank((3,))
    before = bank.means.clone()
    bank.update(torch.randn(3, 10), torch.zeros(3, dtype=torch.bool))
    assert torch.equal(bank.means, before)
    assert bank.staleness.tolist() == [2, 2, 2]
    assert bank.step == 0


def test_valid_marks_the_samples_that_count():
    bank = random_bank((2,))
    samples = torch.randn(2, 30)
    valid = torch.zeros(2, 30, dtype=torch.bool)
    valid[0, :20] = True
    fitted = bank.fit(samples, 2, valid)
    expected = bank.fit(samples[:, :20], 2)
    for value, wanted, present in zip(fitted, expected, bank.parameters_):
        torch.testing.assert_close(value[0], wanted[0])
        assert torch.equal(value[1], present[1])  # no sample: unchanged
    bank.update(samples, torch.tensor([True, True]), valid=valid)
    assert bank.num_updates.tolist() == [1, 0]


def test_samples_that_are_not_finite_do_not_count():
    bank = random_bank((1,))
    samples = torch.randn(1, 20)
    odd = torch.tensor([[torch.nan, torch.inf, 1e30]])
    broken = torch.cat([samples, odd], 1)
    for a, b in zip(bank.fit(broken, 3), bank.fit(samples, 3)):
        torch.testing.assert_close(a, b)


def test_ranks_that_share_their_sums_fit_the_union():
    """Two halves, reduced by hand, equal one bank that has all samples."""
    bank = random_bank((2,))
    samples = torch.randn(2, 60)
    expected = em_step(samples, bank.parameters_)
    halves = samples[:, :25], samples[:, 25:]
    sums = sum(em_moments(half, bank.parameters_) for half in halves)
    reduced = em_step(halves[0], bank.parameters_, reduce=lambda _: sums)
    for a, b in zip(reduced, expected):
        torch.testing.assert_close(a, b)


def test_initialize_spreads_components_over_far_samples():
    bank = GaussianMixtureBank((2,))
    samples = torch.stack([torch.randn(500) * 2 + 30, torch.randn(500)])
    bank.num_updates[1] = 4
    bank.initialize(samples)
    bank.update(samples, torch.ones(2, dtype=torch.bool))
    assert bank.means[0].min() < 29 < 31 < bank.means[0].max()
    far = GaussianMixtureBank((2,))
    far.update(samples, torch.ones(2, dtype=torch.bool))
    # what it is there for: all components in one place
    assert far.means[0].max() - far.means[0].min() < 1e-3


@pytest.mark.parametrize(
    'kwargs, word',
    [
        (dict(num_components=0), 'num_components'),
        (dict(momentum=1.0), 'momentum'),
        (dict(momentum=-0.1), 'momentum'),
        (dict(warmup=-1), 'warmup'),
        (dict(min_variance=0.0), 'min_variance'),
    ],
)
def test_settings_out_of_range(kwargs, word):
    with pytest.raises(ValueError, match=f'`{word}`.*{kwargs[word]}'):
        GaussianMixtureBank((2,), **kwargs)


def test_samples_of_another_shape():
    bank = GaussianMixtureBank((2,))
    with pytest.raises(ValueError, match=r'\(2,\).*\(3, 7\)'):
        bank.fit(torch.randn(3, 7), 1)
    with pytest.raises(ValueError, match='`valid`'):
        bank.fit(torch.randn(2, 7), 1, torch.ones(2, 6, dtype=torch.bool))


def test_a_cast_model_keeps_float32_statistics():
    bank = random_bank((2,))
    before = bank.means.clone()
    for cast in (bank.half(), bank.double(), bank.bfloat16()):
        assert cast.means.dtype == torch.float32
        assert torch.equal(cast.means, before)
        assert cast.step.dtype == torch.long
