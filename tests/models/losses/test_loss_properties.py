"""What holds of every pixel loss, on examples searched for."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from mmengine.registry import init_default_scope
from mmseg.registry import MODELS

from mmseg_balance.models.losses.class_frequency_loss import (
    effective_number_weights,
    inverse_frequency_weights,
)
from mmseg_balance.models.losses.class_weights.gradient_weights import (
    MODES,
    class_weights,
)
from mmseg_balance.models.losses.logit_adjustment_loss import log_prior
from mmseg_balance.models.uda.entropy.self_information import self_information
from mmseg_balance.models.uda.entropy.weighted_entropy import weighted_entropy

COUNTS = [900, 7, 0, 40]
COUNTED = dict(num_classes=4, counts=COUNTS, allow_absent=True)
LOSSES = [
    dict(type='WeightedCrossEntropyLoss', class_weight=[1.0] * 4),
    dict(type='SoftmaxFocalLoss', focal_gamma=0.5),
    *(dict(type='GBWLoss', mode=mode) for mode in MODES),
    dict(type='GBWLoss', mode='paper', class_means=True),
    dict(type='InverseFrequencyLoss', **COUNTED),
    dict(type='ClassBalancedLoss', **COUNTED, unit='pixels', beta=0.99),
    dict(type='LogitAdjustmentLoss', **COUNTED),
    dict(type='SeesawLoss', **COUNTED),
    dict(type='LBWLoss', num_classes=4),
    dict(type='BLDALoss', num_classes=4),
]
each_loss = pytest.mark.parametrize(
    'config', LOSSES, ids=lambda c: '-'.join(str(c[k]) for k in list(c)[:2])
)
seeds = st.integers(0, 2**31)
scales = st.sampled_from([0.0, 1.0, 30.0, 6e4])


@pytest.fixture(autouse=True)
def _scope():
    init_default_scope('mmseg')


def batch(seed, scale, images=2, size=5):
    draw = torch.Generator().manual_seed(seed)
    logits = scale * torch.randn((images, 4, size, size), generator=draw)
    logits.clamp_(-6e4, 6e4)
    labels = torch.randint(4, (images, size, size), generator=draw)
    labels[torch.rand(labels.shape, generator=draw) < 0.2] = 255
    weight = torch.rand(labels.shape, generator=draw)
    return logits, labels, weight


def pixels_of(loss, logits, labels, weight):
    """Loss of each pixel; BLDA's criterion has them under this name."""
    return loss(logits, labels, weight=weight, reduction_override='none')


@each_loss
@given(seed=seeds, scale=scales)
def test_losses_are_finite_and_of_no_ignored_pixel(config, seed, scale):
    loss = MODELS.build(config)
    logits, labels, weight = batch(seed, scale)
    logits.requires_grad_()
    value = loss(logits, labels, weight=weight)
    (gradient,) = torch.autograd.grad(value, logits)
    assert value.isfinite() and value >= 0 and gradient.isfinite().all()
    ignored = (labels == 255).unsqueeze(1).expand_as(logits)
    assert (gradient[ignored] == 0).all()
    other = logits.detach().masked_fill(ignored, 3.0)
    torch.testing.assert_close(
        loss(other, labels, weight=weight), value.detach()
    )
    none = loss(logits, labels, weight=torch.zeros_like(weight))
    assert none == 0


@each_loss
@given(seed=seeds, scale=scales)
def test_the_order_of_a_batch_changes_nothing(config, seed, scale):
    loss = MODELS.build(config)
    logits, labels, weight = batch(seed, scale)
    pixels = pixels_of(loss, logits, labels, weight)
    turned = pixels_of(loss, logits.flip(0), labels.flip(0), weight.flip(0))
    torch.testing.assert_close(turned.flip(0), pixels)
    torch.testing.assert_close(
        pixels.mean(), loss(logits, labels, weight=weight)
    )


@each_loss
@given(seed=seeds, scale=scales)
def test_padding_adds_no_loss(config, seed, scale):
    """The mean is over all pixels, those that are padded among them."""
    loss = MODELS.build(config)
    logits, labels, weight = batch(seed, scale)
    pixels = pixels_of(loss, logits, labels, weight)
    margin = (0, 2, 0, 1)
    padded = torch.nn.functional.pad
    found = pixels_of(
        loss,
        padded(logits, margin),
        padded(labels, margin, value=255),
        padded(weight, margin, value=1.0),
    )
    shape = pixels.shape[1:]
    own = found[:, : shape[0], : shape[1]]
    if config.get('class_means'):  # N / n_c, of more pixels
        own = own * pixels.numel() / found.numel()
    torch.testing.assert_close(own, pixels)
    torch.testing.assert_close(found.sum(), found[:, :5, :5].sum())


@each_loss
@given(seed=seeds, scale=scales)
def test_half_precision_is_only_that_of_the_logits(config, seed, scale):
    loss = MODELS.build(config)
    logits, labels, weight = batch(seed, scale)
    half = logits.half()
    found = loss(half, labels, weight=weight)
    assert found.dtype == torch.float32
    assert torch.equal(found, loss(half.float(), labels, weight=weight))


@pytest.mark.parametrize('mode', MODES)
@given(
    seed=seeds,
    scale=scales,
    value=st.floats(1e-6, 1e6),
    order=st.permutations(range(4)),
)
def test_gbw_weights_are_on_the_simplex(mode, seed, scale, value, order):
    loss = MODELS.build(dict(type='GBWLoss', mode=mode, regularization=value))
    logits, labels, weight = batch(seed, scale)
    weights = loss.weights(logits, labels, weight)
    assert (weights >= 0).all()
    assert float(weights.sum()) == pytest.approx(4, rel=1e-6)
    order = torch.tensor(order)
    position = torch.full((256,), 255)
    position[order] = torch.arange(4)
    moved = loss.weights(logits[:, order], position[labels], weight)
    # a gradient of float32, over 2 lambda
    slack = min(1e-5 / value, 1e-1) + 1e-5
    if value > 1e-3:
        torch.testing.assert_close(moved, weights[order], rtol=0, atol=slack)


@settings(max_examples=60)
@given(
    st.lists(st.floats(0, 1e12), min_size=2, max_size=20),
    st.floats(1e-9, 1e9),
)
def test_weights_are_the_nearest_point_of_the_simplex(squared, value):
    """Kuhn-Tucker: equal slope where above 0, none better where 0."""
    squared = torch.tensor(squared, dtype=torch.float64)
    weights = class_weights(squared, value)
    count = len(squared)
    assert (weights >= 0).all()
    assert float(weights.sum()) == pytest.approx(count, rel=1e-9)
    slope = squared / (2 * value) - weights
    used = weights > 0
    level = slope[used].mean()
    slack = 1e-9 * float(squared.max() / value + count)
    assert float((slope[used] - level).abs().max()) <= slack
    assert bool((slope[~used] <= level + slack).all())
    # who has the larger gradient has no smaller weight
    assert bool((weights[squared.argsort()].diff() >= -slack).all())


@settings(max_examples=60)
@given(
    st.lists(
        st.integers(0, 10**12) | st.just(0), min_size=2, max_size=20
    ).filter(any),
    st.floats(0, 0.999999),
)
def test_weights_by_frequency_have_the_mean_1(counts, beta):
    counts = torch.tensor(counts, dtype=torch.float64)
    present = counts > 0
    for weights in (
        inverse_frequency_weights(counts),
        effective_number_weights(counts, beta),
    ):
        assert weights.isfinite().all()
        assert (weights[~present] == 1).all()
        assert float(weights[present].mean()) == pytest.approx(1)
        order = counts[present].argsort()
        assert bool((weights[present][order].diff() <= 1e-9).all())
    prior = log_prior(counts)
    assert prior.isfinite().all() and (prior <= 1e-12).all()


@pytest.mark.parametrize('class_loss', ['channel', 'predicted'])
@given(seed=seeds, scale=scales, order=st.permutations(range(4)))
def test_weighted_entropies(class_loss, seed, scale, order):
    logits, labels, _ = batch(seed, scale)
    valid = labels != 255
    information = self_information(logits)
    assert (information >= 0).all()
    assert (information.sum(1) <= 1 + 1e-5).all()
    loss, weights = weighted_entropy(logits, valid, class_loss=class_loss)
    assert loss.isfinite() and (weights >= 0).all()
    assert float(weights.sum()) == pytest.approx(4)
    moved, others = weighted_entropy(
        logits[:, order], valid, class_loss=class_loss
    )
    if scale in (1.0, 30.0):  # ties fall to the first class otherwise
        torch.testing.assert_close(others, weights[order], rtol=0, atol=1e-4)
        torch.testing.assert_close(moved, loss)
