"""What holds of every mixture, offset and table, on examples searched for."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from mmseg_balance.logits import GaussianMixtureBank, LogitStatistics
from mmseg_balance.logits.bias.confusion import class_bias
from mmseg_balance.logits.bias.mixtures import js_divergence, mixture_bias
from mmseg_balance.logits.mixtures.em import mixture_cdf
from mmseg_balance.logits.offsets.offset import logit_offset
from mmseg_balance.logits.offsets.reference.alignment import inverse_cdf
from mmseg_balance.logits.post_hoc.scores import post_hoc_scores, tau_scores

CLASSES = 3
numbers = st.integers(0, 2**31)
# of means: up to what float16 can hold; of variances: from their floor
reaches = st.sampled_from([0.0, 1.0, 30.0, 6e4])
spreads = st.sampled_from([1e-4, 1.0, 1e3, 1e8])


def generator(seed):
    return torch.Generator().manual_seed(seed)


def bank_of(shape, reach, spread, seed, components=3):
    draw = generator(seed)
    bank = GaussianMixtureBank(shape, num_components=components)
    bank.means.normal_(0, reach, generator=draw)
    bank.variances.uniform_(0.1, 1, generator=draw).mul_(spread)
    bank.variances.clamp_(min=1e-4)
    weights = torch.rand(bank.weights.shape, generator=draw) + 1e-3
    bank.weights.copy_(weights / weights.sum(-1, keepdim=True))
    bank.num_updates.fill_(1)
    return bank


@st.composite
def banks(draw, alike=False):
    """A bank (C, C) and anchors (2,); of one distribution where alike."""
    reach, spread = draw(reaches), draw(spreads)
    bank = bank_of((CLASSES, CLASSES), reach, spread, draw(numbers))
    anchors = bank_of((2,), reach, spread, draw(numbers))
    if alike:
        for own, other in zip(bank.parameters_, anchors.parameters_):
            other[1] = other[0]
            own.copy_(other[0])
    return bank, anchors


def batch(bank, seed, images=2, size=6):
    """Logits in and beside the range of the mixtures, and labels."""
    draw = generator(seed)
    reach = bank.means.abs().max() + 4 * bank.variances.max().sqrt()
    shape = (images, CLASSES, size, size)
    logits = reach * torch.randn(shape, generator=draw)
    labels = torch.randint(
        CLASSES, (images, size, size), generator=draw, dtype=torch.int64
    )
    labels[0, 0] = 255
    return logits, labels


def size_of(bank):
    """What an error of a logit is measured by."""
    return float(bank.means.abs().max() + bank.variances.max().sqrt()) + 1


@given(banks(), numbers)
def test_cdfs_are_monotone_and_those_of_scipy(pair, seed):
    bank, _ = pair
    z = torch.sort(batch(bank, seed)[0].flatten())[0]
    cdf = bank.cdf(z.expand(CLASSES, CLASSES, -1))
    assert cdf.min() >= 0 and cdf.max() <= 1 + 1e-6
    assert (cdf.diff() >= -1e-6).all()
    weights, means, variances = (
        p[0, 1].double().numpy() for p in bank.parameters_
    )
    points = z[:, None].double().numpy()
    expected = (weights * norm.cdf(points, means, variances**0.5)).sum(1)
    # float32 of z and of the means, over the standard deviation
    error = 1e-6 * size_of(bank) / variances.min() ** 0.5 + 1e-5
    assert abs(cdf[0, 1].double().numpy() - expected).max() <= error


@given(reaches, spreads, numbers, st.floats(0.001, 0.4))
def test_the_inverse_leads_back(reach, spread, seed, clip):
    bank = bank_of((4,), reach, spread, seed)
    p = torch.linspace(0, 1, 41).expand(4, -1)
    z = inverse_cdf(p, *bank.parameters_, clip=clip, num_points=4000)
    assert z.isfinite().all()
    assert (z.diff() >= -1e-5 * size_of(bank)).all()
    low, high = (
        (bank.means + side * 3 * bank.variances.sqrt()) for side in (-1, 1)
    )
    # p lies between the CDF at the neighbours of z in the table
    step = (high.amax(-1) - low.amin(-1)) / 3999
    reach = (1.01 * step + 1e-6 * size_of(bank))[:, None]
    below = mixture_cdf(z - reach, *bank.parameters_)
    above = mixture_cdf(z + reach, *bank.parameters_)
    wanted = p.clamp(clip, 1 - clip)
    # the table ends at 3 sigma, beyond which there is no more than 0.0014
    assert (below <= wanted + 0.002).all()
    assert (above >= wanted - 0.002).all()


@pytest.mark.parametrize('grid', [None, 512])
@given(pair=banks(), seed=numbers)
def test_the_order_within_a_pair_is_kept(grid, pair, seed):
    """Aligned logits z + Delta of one (c, l) grow with z."""
    bank, anchors = pair
    z = torch.sort(batch(bank, seed)[0].flatten())[0]
    logits = z.view(1, 1, -1).expand(1, CLASSES, -1)
    for c in range(CLASSES):
        labels = torch.full((1, z.numel()), c)
        offset = logit_offset(logits, labels, bank, anchors, grid_size=grid)
        aligned = (logits.double() + offset.double())[0]
        # of z' - z, float32 keeps the digits of the larger one
        slack = 1e-5 * (size_of(bank) + size_of(anchors) + float(z.abs()[-1]))
        assert (aligned.diff(dim=1) >= -slack).all()


@pytest.mark.parametrize('grid', [None, 512])
@given(pair=banks(alike=True), seed=numbers)
def test_equal_distributions_have_no_offset(grid, pair, seed):
    """Where the CDF is not clipped."""
    bank, anchors = pair
    logits, labels = batch(bank, seed)
    offset = logit_offset(logits, labels, bank, anchors, grid_size=grid)
    cdf = mixture_cdf(
        logits.reshape(1, -1), *(p[:1] for p in anchors.parameters_)
    ).view_as(logits)
    inside = (cdf > 0.02) & (cdf < 0.98) & (labels != 255).unsqueeze(1)
    # a flat stretch has many inverses, all of the same probability
    same = mixture_cdf(
        (logits + offset).reshape(1, -1),
        *(p[:1] for p in anchors.parameters_),
    ).view_as(logits)
    width = float(bank.variances.min().sqrt())
    step = 8 * size_of(bank) / 1000 / width
    off = (same - cdf).abs()[inside]
    assert not off.numel() or float(off.max()) <= min(0.4 * step, 1) + 1e-4
    assert (offset[(labels == 255).unsqueeze(1).expand_as(offset)] == 0).all()


@given(banks(), numbers, st.permutations(range(CLASSES)))
def test_permuted_classes_permute_the_results(pair, seed, order):
    bank, anchors = pair
    order = torch.tensor(order)
    logits, labels = batch(bank, seed)
    moved = GaussianMixtureBank((CLASSES, CLASSES), num_components=3)
    for own, other in zip(moved.parameters_, bank.parameters_):
        own.copy_(other[order][:, order])
    moved.num_updates.fill_(1)
    position = torch.empty(256, dtype=torch.int64).fill_(255)
    position[order] = torch.arange(CLASSES)
    args = logits[:, order], position[labels]
    for grid in (None, 512):
        torch.testing.assert_close(
            logit_offset(*args, moved, anchors, grid_size=grid),
            logit_offset(logits, labels, bank, anchors, grid_size=grid)[
                :, order
            ],
        )
    torch.testing.assert_close(
        post_hoc_scores(args[0], moved, anchors, 1.0),
        post_hoc_scores(logits, bank, anchors, 1.0)[:, order],
        rtol=1e-4,
        atol=1e-4,
    )
    torch.testing.assert_close(
        mixture_bias(moved), mixture_bias(bank)[order], rtol=0, atol=1e-4
    )
    torch.testing.assert_close(
        js_divergence(moved, anchors),
        js_divergence(bank, anchors)[order][:, order],
        rtol=0,
        atol=1e-4,
    )
    confusion = torch.randint(50, (CLASSES,) * 2, generator=generator(seed))
    torch.testing.assert_close(
        class_bias(confusion[order][:, order]),
        class_bias(confusion)[order],
        equal_nan=True,
    )


@given(banks(), numbers)
def test_padding_order_and_parts_change_nothing(pair, seed):
    bank, anchors = pair
    logits, labels = batch(bank, seed)
    for grid in (None, 512):

        def offsets(z, y, grid=grid):
            return logit_offset(z, y, bank, anchors, grid_size=grid)

        whole = offsets(logits, labels)
        parts = [offsets(logits[i : i + 1], labels[i : i + 1]) for i in (1, 0)]
        assert torch.equal(torch.cat(parts[::-1]), whole)
        assert torch.equal(
            offsets(logits.flip(0), labels.flip(0)).flip(0), whole
        )
        padded = torch.nn.functional.pad(logits, (0, 3, 0, 2))
        margin = torch.nn.functional.pad(labels, (0, 3, 0, 2), value=255)
        found = offsets(padded, margin)
        assert torch.equal(found[..., :6, :6], whole)
        assert (found[..., 6:, :] == 0).all() and (found[..., 6:] == 0).all()


@given(banks(), numbers)
def test_everything_is_finite_also_in_half_precision(pair, seed):
    bank, anchors = pair
    logits, labels = batch(bank, seed)
    half = logits.clamp(-6e4, 6e4).half()
    for grid in (None, 512):
        expected = logit_offset(
            half.float(), labels, bank, anchors, grid_size=grid
        )
        found = logit_offset(half, labels, bank, anchors, grid_size=grid)
        assert found.dtype == torch.float32
        assert torch.equal(found, expected) and found.isfinite().all()
    assert mixture_bias(bank).isfinite().all()
    divergence = js_divergence(bank, anchors)
    assert ((divergence >= -1e-6) & (divergence <= 0.6932)).all()


@given(banks(), numbers, st.sampled_from([0.0, 0.3, 2.0]))
def test_post_hoc_scores_of_a_sweep_are_those_of_one_tau(pair, seed, tau):
    from mmseg_balance.logits import OffsetTable

    bank, anchors = pair
    logits, _ = batch(bank, seed)
    table = OffsetTable.build([bank], anchors)
    (found,) = tau_scores(logits, table, [tau], 0)
    scores = post_hoc_scores(logits, bank, anchors, tau)
    assert scores.isfinite().all()
    best = scores.gather(1, found.unsqueeze(1)).squeeze(1)
    assert torch.equal(best, scores.amax(1))
    if tau == 0:
        assert torch.equal(found, logits.argmax(1))


@given(reaches, spreads, numbers)
def test_fitted_mixtures_are_mixtures(reach, spread, seed):
    """Whatever the samples are, and however few."""
    draw = generator(seed)
    statistics = LogitStatistics(CLASSES, min_samples=3, warmup=0).train()
    for _ in range(2):
        logits = reach + spread**0.5 * torch.randn(
            (1, CLASSES, 4, 4), generator=draw
        )
        labels = torch.randint(CLASSES, (1, 4, 4), generator=draw)
        statistics.collect(logits, labels)
        statistics.update()
    for bank in (statistics.source, statistics.anchors):
        torch.testing.assert_close(
            bank.weights.sum(-1), torch.ones(bank.shape), rtol=0, atol=1e-4
        )
        assert (bank.weights >= 0).all() and bank.means.isfinite().all()
        floor = bank.min_variance * (1 - 1e-5)
        assert (bank.variances >= floor).all()
        assert bank.variances.isfinite().all()
    offset = statistics.offset(logits, labels)
    assert offset.isfinite().all()
