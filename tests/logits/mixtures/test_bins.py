"""EM over bins of samples against EM over the samples."""

import pytest
import torch

from mmseg_balance.logits import GaussianMixtureBank
from mmseg_balance.logits.mixtures import bins as bins_module
from mmseg_balance.logits.mixtures.bins import bin_samples, binned_moments
from mmseg_balance.logits.mixtures.em import em_moments, mixture_cdf
from mmseg_balance.logits.statistics import offline
from mmseg_balance.logits.statistics.offline import fit_bank


def skewed(num, shape=(6,)):
    """Samples as logits are: two modes of other widths, and tails."""
    wide = torch.rand(*shape, num) < 0.4
    samples = torch.randn(*shape, num)
    return torch.where(wide, 3 * samples + 2, 0.8 * samples - 3)


def test_a_bin_has_number_mean_and_variance_of_its_samples():
    samples = torch.tensor([[0.0, 0.1, 0.3, 1.0, 9.9, 10.0, torch.nan]])
    valid = samples.isfinite()
    valid[0, 3] = False
    bins = bin_samples(samples, valid, 10)
    assert bins.counts.tolist() == [[3.0, *[0.0] * 8, 2.0]]
    first = samples[0, :3]
    assert bins.means[0, 0] == pytest.approx(float(first.mean()))
    expected = float(first.var(unbiased=False))
    assert bins.variances[0, 0] == pytest.approx(expected, rel=1e-4)
    assert bins.means[0, -1] == pytest.approx(9.95)
    assert bins.width.tolist() == [1.0]


def test_nothing_is_lost_of_large_logits():
    samples = 1e5 + torch.randn(1, 4000) * 0.5
    bins = bin_samples(samples, torch.ones_like(samples).bool())
    whole = (bins.means * bins.counts).sum(1).double() / 4000
    assert whole == pytest.approx(float(samples.double().mean()), abs=0.02)


@pytest.mark.parametrize('largest', [2**17, 3 * 512])
def test_moments_are_those_of_the_samples(largest, monkeypatch):
    monkeypatch.setattr(bins_module, '_LARGEST_CPU', largest)
    samples = skewed(5000)
    valid = torch.rand_like(samples) < 0.9
    parameters = (
        torch.full((6, 3), 1 / 3),
        torch.tensor([-3.0, 0.0, 3.0]).expand(6, 3).contiguous(),
        torch.rand(6, 3) + 0.5,
    )
    found = binned_moments(bin_samples(samples, valid), parameters)
    expected = em_moments(samples, parameters, valid)
    torch.testing.assert_close(found, expected, rtol=2e-4, atol=0.1)
    torch.testing.assert_close(found[0].sum(1), valid.sum(1).double())


def fitted(samples, **kwargs):
    bank = GaussianMixtureBank(samples.shape[:-1])
    fit_bank(bank, samples, torch.ones_like(samples).bool(), **kwargs)
    return bank


def test_a_fit_is_that_of_all_samples(monkeypatch):
    samples = skewed(3000)
    samples[4, :1500] = 1.25  # collapses: its samples are taken themselves
    found = fitted(samples)
    monkeypatch.setattr(offline, '_ENOUGH', 1e9)
    expected = fitted(samples)
    z = torch.linspace(-8, 14, 2000).expand(6, -1)
    cdf = [mixture_cdf(z, *bank.parameters_) for bank in (found, expected)]
    assert (cdf[0] - cdf[1]).abs().max() < 1e-4
    assert expected.variances[4].min() < 2e-4
    torch.testing.assert_close(found.means[4], expected.means[4])
    assert not torch.equal(found.means[0], expected.means[0])


def test_mixtures_without_samples_stay_as_they_are():
    samples = skewed(3000)
    valid = torch.ones_like(samples).bool()
    valid[2] = False
    bank = GaussianMixtureBank((6,))
    before = bank.means[2].clone()
    fit_bank(bank, samples, valid)
    assert torch.equal(bank.means[2], before)
    assert bank.num_updates.tolist() == [1, 1, 0, 1, 1, 1]
    assert bank.means.isfinite().all() and bank.variances.isfinite().all()
