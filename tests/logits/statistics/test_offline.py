"""Offline fits: against scikit-learn, and what is fitted at all."""

import numpy as np
import pytest
import torch
from scipy.stats import norm
from sklearn.mixture import GaussianMixture

from mmseg_balance.logits import GaussianMixtureBank, post_hoc_scores
from mmseg_balance.logits.statistics.offline import fit_bank, fit_statistics
from mmseg_balance.logits.statistics.reservoir import LogitReservoir


def two_peaks(size=4000, seed=0):
    rng = np.random.default_rng(seed)
    wide = rng.random(size) < 0.3
    z = np.where(wide, rng.normal(-3, 1.5, size), rng.normal(2, 0.5, size))
    return torch.as_tensor(z, dtype=torch.float32)


def reservoir(num_classes=3, counts=(3000, 1200, 400), shift=0.0, seed=0):
    """Logits l of class c from N((l == c) * 4 - c + shift, 1 + l)."""
    generator = torch.Generator().manual_seed(seed)
    labels = torch.cat([torch.full((n,), c) for c, n in enumerate(counts)])
    classes = torch.arange(num_classes)
    mean = 4.0 * (labels == classes[:, None]) - labels + shift
    noise = torch.randn(mean.shape, generator=generator)
    logits = mean + noise * (1 + classes[:, None]).sqrt()
    result = LogitReservoir(num_classes, capacity=2000)
    result.add(logits[:, None], labels[None], 0)
    return result


def parameters(bank):
    return torch.stack(bank.parameters_)


def test_fit_is_that_of_scikit_learn():
    samples = two_peaks()
    bank = GaussianMixtureBank((2,), num_components=2)
    both = torch.stack([samples, 0.5 * samples - 1])
    fit_bank(bank, both, torch.ones_like(both).bool(), max_loops=500)
    oracle = GaussianMixture(2, tol=1e-7, max_iter=1000, random_state=0)
    oracle.fit(samples.double().numpy()[:, None])
    order = oracle.means_[:, 0].argsort()
    mine = bank.means[0].argsort()
    for ours, theirs in (
        (bank.weights, oracle.weights_),
        (bank.means, oracle.means_[:, 0]),
        (bank.variances, oracle.covariances_[:, 0, 0]),
    ):
        np.testing.assert_allclose(ours[0][mine], theirs[order], atol=5e-3)
    # the same up to the scale, since it starts from the samples' moments
    torch.testing.assert_close(
        bank.means[1], 0.5 * bank.means[0] - 1, rtol=0, atol=2e-3
    )


def test_every_distribution_is_that_of_its_samples():
    source, target = reservoir(), reservoir(shift=1.0, seed=1)
    statistics = fit_statistics(source, target)
    z = torch.linspace(-8, 8, 50)
    for bank, shift in ((statistics.source, 0), (statistics.target, 1)):
        cdf = bank.cdf(z.expand(3, 3, 50))
        for c in range(3):
            for logit in range(3):
                mean = 4 * (c == logit) - c + shift
                expected = torch.as_tensor(
                    norm.cdf(z, mean, (1 + logit) ** 0.5)
                )
                # 400 samples of the rarest class: 0.025 a standard error
                assert abs(cdf[c, logit] - expected).max() < 0.1
        assert (bank.num_updates == 1).all() and bank.step == 1
    scores = post_hoc_scores(
        torch.randn(2, 3, 4, 4), statistics.target, statistics.anchors
    )
    assert scores.isfinite().all()


def test_neither_the_chunks_nor_the_device_argument_matter(monkeypatch):
    source = reservoir()
    settings = dict(tolerance=0.0, max_loops=20)
    whole = fit_statistics(source, source, **settings)
    monkeypatch.setattr('mmseg_balance.logits.statistics.offline._CHUNK', 1)
    parts = fit_statistics(source, source, device='cpu', **settings)
    torch.testing.assert_close(
        parameters(parts.source), parameters(whole.source)
    )
    assert torch.equal(parameters(parts.source), parameters(parts.target))


def test_progress_is_told_and_changes_nothing(monkeypatch):
    # several mixtures at a time; most are at rest before the last loop
    monkeypatch.setattr(
        'mmseg_balance.logits.statistics.offline._CHUNK', 4 * 5 * 400
    )
    phases = {}

    def track(parts, name):
        phases[name] = [len(parts), 0]
        for part in parts:
            yield part
            phases[name][1] += 1

    source, target = reservoir(), reservoir(shift=1.0, seed=1)
    settings = dict(max_loops=30, min_samples=50)
    shown = fit_statistics(source, target, track=track, **settings)
    silent = fit_statistics(source, target, **settings)
    for name, values in silent.state_dict().items():
        assert torch.equal(shown.state_dict()[name], values), name
    assert list(phases) == ['fit anchors', 'fit source', 'fit target']
    for total, done in phases.values():
        assert total == done and total % 30 == 0
    assert phases['fit source'][0] > 30


def test_more_loops_until_nothing_moves(monkeypatch):
    from mmseg_balance.logits.statistics import offline

    calls = []
    step = offline.m_step
    monkeypatch.setattr(
        offline, 'm_step', lambda *a: calls.append(1) or step(*a)
    )
    samples = two_peaks()[None].expand(2, -1)
    valid = torch.ones_like(samples).bool()
    counts = []
    for tolerance in (1e-1, 1e-3, 1e-6):
        calls.clear()
        bank = GaussianMixtureBank((2,), 2)
        fit_bank(bank, samples, valid, max_loops=1000, tolerance=tolerance)
        counts.append(len(calls))
    assert 1 < counts[0] < counts[1] < counts[2] < 1000
    calls.clear()
    fit_bank(bank, samples, valid, max_loops=7, tolerance=0)
    assert len(calls) == 7


def test_rare_classes_stay_unfitted():
    source = reservoir(counts=(500, 99, 100))
    statistics = fit_statistics(source)
    assert statistics.source.num_updates.tolist() == [
        [1] * 3,
        [0] * 3,
        [1] * 3,
    ]
    fresh = GaussianMixtureBank((3, 3))
    assert torch.equal(statistics.source.means[1], fresh.means[1])
    # no target: nothing of it
    assert (statistics.target.num_updates == 0).all()
    assert statistics.target.step == 0
    assert (statistics.anchors.num_updates == 1).all()
    some = fit_statistics(source, min_samples=99)
    assert (some.source.num_updates == 1).all()


def test_what_is_not_finite_does_not_count():
    samples = two_peaks(1000).repeat(2, 1)
    valid = torch.ones_like(samples).bool()
    clean = GaussianMixtureBank((2,))
    fit_bank(clean, samples, valid)
    dirty = samples.clone()
    dirty = torch.cat(
        [dirty, torch.tensor([torch.nan, torch.inf, -3e7]).repeat(2, 1)], 1
    )
    bank = GaussianMixtureBank((2,))
    fit_bank(bank, dirty, torch.ones_like(dirty).bool())
    torch.testing.assert_close(parameters(bank), parameters(clean))
    nothing = GaussianMixtureBank((2,))
    fit_bank(nothing, samples * torch.nan, valid)
    assert (nothing.num_updates == 0).all() and nothing.step == 0


@pytest.mark.parametrize('anchor', ['source', 'target', 1])
def test_anchors(anchor):
    source, target = reservoir(), reservoir(shift=1.0, seed=1)
    anchors = fit_statistics(source, target, anchor=anchor).anchors
    of = target if anchor == 'target' else source
    samples, _ = of.anchor_samples(1 if anchor == 1 else None)
    means = (anchors.weights * anchors.means).sum(-1)
    torch.testing.assert_close(means, samples.mean(-1), rtol=0, atol=1e-2)
    if anchor == 1:  # N(4 - 1, 2) on its own pixels
        assert abs(means[0] - 3) < 5 * (2 / 1200) ** 0.5


def test_bad_input():
    source = reservoir()
    with pytest.raises(ValueError, match="`anchor` 'target', but got none"):
        fit_statistics(source, anchor='target')
    with pytest.raises(ValueError, match='3 classes of `source`, but got 4'):
        fit_statistics(source, reservoir(4, (200,) * 4))
    with pytest.raises(ValueError, match='has 60 labelled.*min_samples=100'):
        fit_statistics(reservoir(counts=(20, 20, 20)))
    with pytest.raises(ValueError, match='anchor=2 has 0 labelled'):
        fit_statistics(reservoir(counts=(200, 200, 0)), anchor=2)
    with pytest.raises(ValueError, match='max_loops.*got 0'):
        fit_statistics(source, max_loops=0)
    with pytest.raises(ValueError, match='tolerance.*got nan'):
        fit_statistics(source, tolerance=float('nan'))
    with pytest.raises(ValueError, match='num_components'):
        fit_statistics(source, num_components=0)


def test_logits_of_a_network_that_failed():
    broken = LogitReservoir(2)
    labels = torch.tensor([[0, 1] * 200])
    broken.add(torch.full((2, 1, 400), torch.nan), labels, 0)
    with pytest.raises(ValueError, match='400 of 400 pixels.*NaN'):
        fit_statistics(broken)
