"""The EM kernels, interpreted, against a plain loop and PyTorch."""

import math

import pytest
import torch

from mmseg_balance.logits import GaussianMixtureBank
from mmseg_balance.logits.kernels import choice
from mmseg_balance.logits.kernels.em import em_moments
from mmseg_balance.logits.mixtures import joint
from mmseg_balance.logits.mixtures.joint import update_banks
from mmseg_balance.logits.mixtures.samples import Samples
from mmseg_balance.logits.mixtures.sums import Sums

pytest.importorskip('triton')

NAMES = (
    'weights',
    'means',
    'variances',
    'num_updates',
    'staleness',
    'step',
)


def make_banks(num_components=3, **settings):
    """Two banks of pairs and the anchors; some were updated before."""
    torch.manual_seed(0)
    banks = [
        GaussianMixtureBank(shape, num_components, **settings)
        for shape in ((2, 2), (2, 2), (2,))
    ]
    banks[0].num_updates[0, 0] = 3
    banks[0].staleness[0, 0] = 4
    banks[0].step.fill_(7)
    banks[2].num_updates[1] = 1
    banks[0].means[0, 0] += torch.randn(num_components)
    banks[0].variances[0, 0] *= 0.3
    return banks


def make_samples():
    """Of two calls, one and none; pair (1, 0) of the source has none."""
    source = torch.randn(2, 2, 21) * 2 + 3
    source[1, 0] = torch.nan
    source[0, 1, :5] = torch.nan
    more = torch.full((2, 2, 4), torch.nan)
    more[0] = torch.randn(2, 4) - 20
    anchors = torch.randn(2, 300)  # more than a block
    anchors[0, 7] = torch.nan
    return [
        [Samples(source), Samples(more)],
        [Samples(torch.empty(2, 2, 0))],
        [Samples(anchors)],
    ]


def state(banks):
    return {(i, n): getattr(b, n) for i, b in enumerate(banks) for n in NAMES}


def assert_same(found, expected):
    for key, value in state(expected).items():
        torch.testing.assert_close(
            state(found)[key], value, rtol=1e-5, atol=1e-5, msg=str(key)
        )


@pytest.fixture
def interpreted(monkeypatch):
    monkeypatch.setenv('TRITON_INTERPRET', '1')
    choice._what_is_missing.cache_clear()
    yield 'triton'
    choice._what_is_missing.cache_clear()


@pytest.mark.parametrize(
    'settings',
    [
        dict(),
        dict(warmup=0, momentum=0.9),
        dict(num_components=1, warmup=0, momentum=0.0),
        dict(num_components=17, warmup=10),
    ],
)
def test_an_update_is_that_of_pytorch(settings, interpreted):
    found, expected = make_banks(**settings), make_banks(**settings)
    for _ in range(2):
        samples = make_samples()
        update_banks(found, samples, 3, kernels=interpreted)
        update_banks(expected, samples, 3, kernels='torch')
        assert_same(found, expected)
    assert found[0].num_updates.tolist() == [[5, 2], [0, 2]]
    assert found[0].staleness.tolist() == [[1, 1], [3, 1]]
    assert [int(bank.step) for bank in found] == [9, 0, 2]
    # what had no sample is as it was, to the last bit
    assert torch.equal(found[1].means, make_banks(**settings)[1].means)


def test_what_ranks_exchange_are_sums_of_their_samples(interpreted):
    """The exchange leaves one rank where it is without one."""
    sent = []

    def reduce(tensor):
        sent.append(tensor.clone())
        return tensor

    alone, ranks = make_banks(warmup=0), make_banks(warmup=0)
    samples = make_samples()
    update_banks(alone, samples, 2, kernels=interpreted)
    update_banks(ranks, samples, 2, reduce, kernels=interpreted)
    assert_same(ranks, alone)
    sums, first, _ = sent
    assert sums.dtype == first.dtype == torch.float64
    x = samples[2][0].values
    expected = torch.stack([(~x.isnan()).sum(1), x.double().nansum(1)])
    torch.testing.assert_close(sums[:2, -2:], expected)
    # halves of the samples add up
    halves = [
        Sums([[Samples(x[:, part])]], [2]).moments(alone[2].parameters_)
        for part in (slice(0, 100), slice(100, None))
    ]
    found = em_moments([x], torch.stack(alone[2].parameters_), 1e6, 1e-7)
    torch.testing.assert_close(sum(halves), found, rtol=1e-5, atol=1e-5)


def one_mixture(x, weights, means, variances, loops):
    """EM of one mixture, sample after sample, in Python's floats."""
    for _ in range(loops):
        sums = [[0.0] * 3 for _ in weights]
        for value in x:
            shares = [
                w
                * math.exp(-((value - m) ** 2) / (2 * v))
                / math.sqrt(2 * math.pi * v)
                + 1e-7
                for w, m, v in zip(weights, means, variances)
            ]
            total = sum(shares)
            for own, share in zip(sums, shares):
                for power in range(3):
                    own[power] += share / total * value**power
        weights = [n / len(x) for n, _, _ in sums]
        means = [s / n for n, s, _ in sums]
        variances = [max(q / n - (s / n) ** 2, 1e-4) for n, s, q in sums]
    return weights, means, variances


@pytest.mark.parametrize('kernels', ['triton', 'torch'])
def test_an_update_by_a_plain_loop(kernels, interpreted):
    (bank,) = banks = [GaussianMixtureBank((2,), 2, momentum=0.8, warmup=10)]
    bank.step.fill_(5)
    bank.num_updates[1] = 1
    bank.staleness[1] = 3
    bank.weights[1] = torch.tensor([0.3, 0.7])
    torch.manual_seed(0)
    x = torch.cat([torch.randn(2, 20) - 3, torch.randn(2, 30) * 0.5 + 4], 1)
    mean, var = x[0].mean().item(), x[0].var(correction=0).item()
    quantile = 0.6744897501960817  # of 0.75
    begin = [
        (
            [0.5, 0.5],
            [mean - var**0.5 * quantile, mean + var**0.5 * quantile],
            [var, var],
        ),
        [p[1].tolist() for p in bank.parameters_],
    ]
    update_banks(banks, [[Samples(x)]], 3, kernels=kernels)
    for i, keep in enumerate([0.4, 0.4**3]):
        fitted = one_mixture(x[i].tolist(), *begin[i], 3)
        for found, old, new in zip(bank.parameters_, begin[i], fitted):
            expected = [keep * a + (1 - keep) * b for a, b in zip(old, new)]
            torch.testing.assert_close(
                found[i], torch.tensor(expected), rtol=1e-5, atol=1e-5
            )


def test_more_components_than_a_kernel_holds_are_fitted_by_pytorch(
    interpreted, monkeypatch
):
    monkeypatch.setattr(joint, 'MAX_COMPONENTS', 2)
    choice._say.cache_clear()
    found, expected = make_banks(), make_banks()
    with pytest.warns(UserWarning, match='at most 2 components, not 3: plain'):
        update_banks(found, make_samples(), 1, kernels=interpreted)
    update_banks(expected, make_samples(), 1, kernels='torch')
    choice._say.cache_clear()
    assert found[0].num_updates.tolist() == [[4, 1], [0, 1]]
