"""Losses with class weights and priors, against direct computation."""

import math

import kornia
import numpy as np
import pytest
import torch
import torch.nn.functional as F
from mmengine.registry import init_default_scope
from mmseg.registry import MODELS
from sklearn.utils.class_weight import compute_class_weight
from torch import nn

from mmseg_balance.models.losses.blv_loss import variation_scale
from mmseg_balance.models.losses.class_frequency_loss import (
    effective_number_weights,
    inverse_frequency_weights,
)
from mmseg_balance.models.losses.logit_adjustment_loss import log_prior
from mmseg_balance.models.uda.checks.losses import check_pixel_weights

PIXELS = [4000.0, 900.0, 50.0, 7.0, 1043.0]
COUNTED = (
    'InverseFrequencyLoss',
    'ClassBalancedLoss',
    'LogitAdjustmentLoss',
    'BLVLoss',
    'SeesawLoss',
)


@pytest.fixture(autouse=True)
def _scope():
    init_default_scope('mmseg')
    torch.manual_seed(0)


def build(kind, **kwargs):
    if kind in COUNTED:
        kwargs = dict(num_classes=5, counts=PIXELS) | kwargs
        if kind == 'ClassBalancedLoss':
            kwargs = dict(unit='pixels', beta=0.999) | kwargs
    elif kind == 'LBWLoss':
        kwargs = dict(num_classes=5) | kwargs
    return MODELS.build(dict(type=kind, **kwargs))


def batch(number=2, classes=5):
    logits = 2 * torch.randn(number, classes, 6, 7)
    labels = torch.randint(classes, (number, 6, 7))
    labels[:, 0] = 255
    return logits, labels, torch.rand(number, 6, 7)


def expected_mean(pixels, labels, weight):
    """Mean over all pixels, those ignored as 0."""
    return (pixels * (labels != 255) * weight).mean()


@pytest.mark.parametrize('kind', [*COUNTED, 'LBWLoss', 'SoftmaxFocalLoss'])
def test_ignored_pixels_and_pixel_weights(kind):
    logits, labels, weight = batch()
    values = []
    for fill in (0.0, 50.0):
        torch.manual_seed(1)
        changed = logits.clone()
        changed[:, :, 0] = fill  # there labels are ignored
        changed.requires_grad_()
        value = build(kind)(changed, labels, weight=weight)
        value.backward()
        assert changed.grad[:, :, 0].abs().sum() == 0
        assert changed.grad[:, :, 1:].abs().sum() > 0
        values.append(value.detach())
    torch.testing.assert_close(*values)
    zero = build(kind)(logits, labels, weight=torch.zeros_like(weight))
    assert zero == 0
    torch.manual_seed(2)
    single = build(kind)(logits, labels, weight=weight)
    torch.manual_seed(2)
    double = build(kind, loss_weight=2.0)(logits, labels, weight=2 * weight)
    torch.testing.assert_close(double, 4 * single)


@pytest.mark.parametrize('gamma', [0.0, 0.5, 2.0])
def test_focal_loss_is_that_of_kornia(gamma):
    logits, labels, weight = batch()
    pixels = kornia.losses.focal_loss(
        logits, labels.clamp(max=4), alpha=None, gamma=gamma
    ).sum(1)
    found = build('SoftmaxFocalLoss', focal_gamma=gamma)(
        logits, labels, weight=weight
    )
    torch.testing.assert_close(found, expected_mean(pixels, labels, weight))


@pytest.mark.parametrize('gamma', [0.5, 2.0])
def test_focal_loss_of_a_sure_pixel_has_a_finite_gradient(gamma):
    logits = torch.tensor([[80.0, 0.0], [-80.0, 0.0]]).requires_grad_()
    labels = torch.zeros(2, dtype=torch.long)
    build('SoftmaxFocalLoss', focal_gamma=gamma)(logits, labels).backward()
    assert logits.grad.isfinite().all()


def test_inverse_frequency_weights_are_scikit_learns():
    counts = np.array([40, 9, 1, 0, 10])
    labels = np.repeat(np.arange(5), counts)
    present = np.unique(labels)
    balanced = compute_class_weight('balanced', classes=present, y=labels)
    found = inverse_frequency_weights(torch.from_numpy(counts).double())
    np.testing.assert_allclose(found[present], balanced * 4 / balanced.sum())
    assert found[3] == 1


def test_class_balanced_loss_counts_images():
    loss = MODELS.build(
        dict(type='ClassBalancedLoss', num_classes=5, counts='online')
    )
    loss.counts.images.copy_(torch.tensor([9.0, 1, 4, 9, 9]))
    loss.counts.pixels.copy_(torch.tensor([9.0, 9, 9, 9, 1e9]))
    assert loss.class_weights().argmax() == 1


def test_effective_numbers_are_sums_of_powers():
    counts = torch.tensor([40.0, 9.0, 1.0]).double()
    inverse = [1 / sum(0.9**i for i in range(int(n))) for n in counts]
    expected = torch.tensor(inverse).double() * 3 / sum(inverse)
    torch.testing.assert_close(effective_number_weights(counts, 0.9), expected)
    flat = effective_number_weights(counts, 0.0)
    assert torch.equal(flat, torch.ones(3).double())


@pytest.mark.parametrize('gamma', [0.0, 2.0])
@pytest.mark.parametrize('kind', ['InverseFrequencyLoss', 'ClassBalancedLoss'])
def test_class_weights_multiply_the_loss(kind, gamma):
    logits, labels, weight = batch()
    loss = build(kind, focal_gamma=gamma)
    pixels = F.cross_entropy(
        logits, labels, reduction='none', ignore_index=255
    )
    pixels = (1 - (-pixels).exp()) ** gamma * pixels
    pixels = pixels * loss.class_weights().float()[labels.clamp(max=4)]
    torch.testing.assert_close(
        loss(logits, labels, weight=weight),
        expected_mean(pixels, labels, weight),
    )
    assert loss.class_weights().argmax() == 3
    torch.testing.assert_close(
        loss.class_weights().mean(), torch.tensor(1.0).double()
    )


def test_logit_adjustment_adds_log_priors():
    logits, labels, weight = batch()
    prior = torch.tensor(PIXELS) / sum(PIXELS)
    adjusted = logits + 0.7 * prior.log().view(1, 5, 1, 1)
    pixels = F.cross_entropy(
        adjusted, labels, reduction='none', ignore_index=255
    )
    found = build('LogitAdjustmentLoss', tau=0.7)(
        logits, labels, weight=weight
    )
    torch.testing.assert_close(found, expected_mean(pixels, labels, weight))


def test_an_absent_class_has_the_prior_of_the_rarest():
    found = log_prior(torch.tensor([6.0, 0.0, 2.0]).double()).exp()
    torch.testing.assert_close(found * 10, torch.tensor([6.0, 2, 2]).double())
    nothing = log_prior(torch.zeros(3).double())
    assert (nothing == nothing[0]).all() and nothing.isfinite().all()
    assert variation_scale(torch.zeros(3).double()).tolist() == [0, 0, 0]


def test_seesaw_is_its_formula_pixel_by_pixel():
    logits, labels, weight = batch(number=1)
    total = 0.0
    counts = [max(n, 1) for n in PIXELS]
    for y in range(6):
        for x in range(7):
            i = int(labels[0, y, x])
            if i == 255:
                continue
            z = logits[0, :, y, x].double()
            sigma = z.softmax(0)
            denominator = 0.0
            for j in range(5):
                mitigation = min(1, counts[j] / counts[i]) ** 0.8
                compensation = max(1, float(sigma[j] / sigma[i])) ** 2
                factor = 1 if i == j else mitigation * compensation
                denominator += factor * math.exp(z[j])
            own = math.exp(z[i]) / denominator
            total -= float(weight[0, y, x]) * math.log(own)
    found = build('SeesawLoss')(logits, labels, weight=weight)
    assert float(found) == pytest.approx(total / 42, rel=1e-5)


def test_logit_variation_follows_rarity_and_its_distribution():
    scale = variation_scale(torch.tensor(PIXELS).double())
    share = np.array(PIXELS) / sum(PIXELS)
    np.testing.assert_allclose(scale, np.log(share) / np.log(share.min()))
    loss, seen = build('BLVLoss', sigma=0.5), []
    logits = torch.zeros(1, 5, 200, 200)
    labels = torch.zeros(1, 200, 200, dtype=torch.long)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            'mmseg_balance.models.losses.blv_loss.cross_entropy',
            lambda x, y: seen.append(x) or x.sum(1),
        )
        loss(logits, labels)
    varied = seen[0][0].flatten(1)
    assert (varied >= 0).all()
    assert (varied.max(1)[0] <= scale.float() + 1e-6).all()
    # of |clamp(N(0, 0.5), -1, 1)|, by numbers from elsewhere
    normal = np.random.default_rng(0).normal(0, 0.5, 10**6)
    mean = np.abs(np.clip(normal, -1, 1)).mean()
    np.testing.assert_allclose(varied.mean(1) / scale.float(), mean, rtol=0.02)


LOSSES = [*COUNTED, 'LBWLoss', 'SoftmaxFocalLoss', 'GBWLoss']


@pytest.mark.parametrize('kind', LOSSES)
def test_another_ignore_index(kind):
    logits, labels, weight = batch()
    ignored = labels == 255
    torch.manual_seed(3)
    expected = build(kind)(logits, labels, weight=weight)
    labels[ignored] = 9
    torch.manual_seed(3)
    found = build(kind)(logits, labels, weight=weight, ignore_index=9)
    assert torch.equal(found, expected)
    pixels = build(kind)(
        logits,
        labels,
        weight=weight,
        ignore_index=9,
        reduction_override='none',
    )
    assert pixels.shape == labels.shape
    assert pixels[ignored].abs().sum() == 0
    assert pixels[~ignored].abs().sum() > 0


@pytest.mark.parametrize('kind', LOSSES)
def test_float32_under_autocast(kind):
    logits, labels, weight = batch()
    values = []
    for enabled in (False, True):
        torch.manual_seed(3)
        with torch.autocast('cpu', dtype=torch.bfloat16, enabled=enabled):
            values.append(build(kind)(logits.bfloat16(), labels))
    assert values[1].dtype == torch.float32
    assert torch.equal(*values)


@pytest.mark.parametrize('kind', LOSSES)
def test_an_infinite_logit_where_nothing_is_labelled(kind):
    logits, labels, weight = batch()
    logits[0, 1, 0, 0] = math.inf
    loss = build(kind).train()
    value = loss(logits.requires_grad_(), labels, weight=weight)
    assert value.isfinite()
    if hasattr(loss, 'update_statistics'):
        loss.update_statistics()
        assert all(v.isfinite().all() for v in loss.state_dict().values())


# ------------------------------------------------------------- online counts


@pytest.mark.parametrize('kind', COUNTED)
def test_online_counts_are_those_of_source_batches(kind):
    unit = {} if kind[0] in 'LBS' else dict(unit='pixels')
    loss = build(kind, counts='online', **unit).train()
    expected = torch.zeros(5)
    images = torch.zeros(5)
    for target_mask, collect in ((None, True), (True, True), (None, False)):
        logits, labels, _ = batch()
        if target_mask:
            target_mask = torch.ones_like(labels, dtype=torch.bool)
        value = loss(
            logits.requires_grad_(),
            labels,
            target_mask=target_mask,
            collect=collect,
        )
        assert value.isfinite()
        if target_mask is None and collect:
            for c in range(5):
                expected[c] += (labels == c).sum()
                images[c] += (labels == c).flatten(1).any(1).sum()
        assert loss.counts.pixels.sum() == 0  # from the next iteration on
    loss.update_statistics()
    assert torch.equal(loss.counts.pixels.float(), expected)
    assert torch.equal(loss.counts.images.float(), images)
    loss.update_statistics()
    assert torch.equal(loss.counts.pixels.float(), expected)
    copy = build(kind, counts='online', **unit)
    copy.load_state_dict(loss.state_dict())
    assert torch.equal(copy.counts.pixels.float(), expected)


def test_loss_weights_follow_the_losses_of_classes():
    loss = build('LBWLoss', momentum=0.5).train()
    assert torch.equal(loss.class_weights(), torch.ones(5).double())
    means = np.zeros(5)
    share = np.zeros(5)
    for step in range(3):
        sums, numbers = np.zeros(5), np.zeros(5)
        for _ in range(2):
            logits, labels, _ = batch()
            labels[labels == 3 + step % 2] = 0  # absent in turn
            loss(logits.requires_grad_(), labels)
            pixels = F.cross_entropy(
                logits, labels.clamp(max=4), reduction='none'
            )
            for c in range(5):
                sums[c] += float(pixels.detach()[labels == c].sum())
                numbers[c] += int((labels == c).sum())
        loss.update_statistics()
        here = numbers > 0
        means[here] = 0.5 * means[here] + 0.5 * sums[here] / numbers[here]
        share[here] = 0.5 * share[here] + 0.5
    average = means / share
    logits, labels, weight = batch()
    pixels = F.cross_entropy(logits, labels.clamp(max=4), reduction='none')
    pixels = pixels * loss.class_weights().float()[labels.clamp(max=4)]
    torch.testing.assert_close(
        loss.eval()(logits, labels, weight=weight),
        expected_mean(pixels, labels, weight),
    )
    np.testing.assert_allclose(
        loss.class_weights(), average * 5 / average.sum(), rtol=1e-5
    )


def test_as_criterion_of_blda_it_is_told_the_domain():
    loss = MODELS.build(
        dict(
            type='BLDALoss',
            num_classes=5,
            criterion=dict(type='SeesawLoss', num_classes=5, counts='online'),
        )
    ).train()
    logits, labels, _ = batch()
    mask = torch.ones_like(labels, dtype=torch.bool)
    loss(logits.requires_grad_(), labels, target_mask=mask)
    loss.criterion.update_statistics()
    assert loss.criterion.counts.pixels.sum() == 0
    loss(logits, labels)
    loss.criterion.update_statistics()
    assert loss.criterion.counts.pixels.sum() == (labels != 255).sum()


# ------------------------------------------------------------------- bad input


@pytest.mark.parametrize(
    'kind, kwargs, words',
    [
        ('InverseFrequencyLoss', dict(unit='boxes'), '`unit`.*boxes'),
        ('InverseFrequencyLoss', dict(unit='images'), 'list of pixels'),
        ('InverseFrequencyLoss', dict(counts='files'), '`counts`.*files'),
        ('InverseFrequencyLoss', dict(counts=[1, 2]), '5 numbers'),
        ('InverseFrequencyLoss', dict(counts=[0.2] * 5), 'no shares'),
        ('SeesawLoss', dict(counts=[1, 2, 3, 4, math.nan]), '5 numbers'),
        ('BLVLoss', dict(counts=[1, 2, 3, 4, math.inf]), '5 numbers'),
        ('BLVLoss', dict(counts=None), '`counts`.*None'),
        ('LBWLoss', dict(num_classes=1), '`num_classes`.*at least 2.*1'),
        ('SeesawLoss', dict(num_classes='5'), "`num_classes`.*'5'"),
        ('LogitAdjustmentLoss', dict(tau=math.inf), '`tau`.*inf'),
        ('SoftmaxFocalLoss', dict(focal_gamma='2'), "`focal_gamma`.*'2'"),
        ('GBWLoss', dict(focal_gamma=math.inf), '`focal_gamma`.*inf'),
        ('InverseFrequencyLoss', dict(focal_gamma=-1), '`focal_gamma`.*-1'),
        (
            'InverseFrequencyLoss',
            dict(counts=[1, 2, 0, 4, 5]),
            r'classes \[2\].*allow_absent=True',
        ),
        ('ClassBalancedLoss', dict(beta=1.0), r'`beta`.*1\.0'),
        ('LogitAdjustmentLoss', dict(tau=-1), '`tau`.*-1'),
        ('BLVLoss', dict(sigma=0), '`sigma`.*0'),
        ('SeesawLoss', dict(q=-2), '`q`.*-2'),
        ('LBWLoss', dict(momentum=1.0), '`momentum`.*1'),
        ('SoftmaxFocalLoss', dict(focal_gamma=-2), '`focal_gamma`.*-2'),
    ],
)
def test_bad_settings(kind, kwargs, words):
    with pytest.raises(ValueError, match=words):
        build(kind, **kwargs)


def test_counts_that_nothing_has_read():
    loss = build('LogitAdjustmentLoss', counts='dataset')
    logits, labels, _ = batch()
    with pytest.raises(RuntimeError, match='ClassStatisticsHook'):
        loss.train()(logits, labels)


def test_one_logit_is_no_choice():
    with pytest.raises(ValueError, match='SoftmaxFocalLoss.*gives one'):
        build('SoftmaxFocalLoss')(torch.zeros(1, 1, 4), torch.zeros(1, 4))


def test_criterion_of_another_number_of_classes():
    criterion = dict(type='LBWLoss', num_classes=4)
    with pytest.raises(ValueError, match='criterion.num_classes is 4'):
        build('BLDALoss', num_classes=5, criterion=criterion)


def test_numbers_of_classes_that_do_not_fit():
    logits, labels, _ = batch(classes=6)
    with pytest.raises(ValueError, match='num_classes=5.*6 logits'):
        build('LogitAdjustmentLoss')(logits, labels)


def test_a_beta_that_says_nothing():
    with pytest.raises(ValueError, match='all class weights are 1'):
        build('ClassBalancedLoss', beta=0.9, counts=[1e6, 1e4, 1e5, 1e7, 1e6])


@pytest.mark.parametrize('kind', [*COUNTED, 'LBWLoss', 'SoftmaxFocalLoss'])
def test_objectives_with_pseudo_labels_take_it(kind):
    from mmseg.models.decode_heads import FCNHead

    unit = {} if kind[0] in 'LBS' else dict(unit='pixels')
    if kind in COUNTED:
        unit |= dict(counts='dataset')
    head = FCNHead(in_channels=3, channels=4, num_classes=5)
    head.loss_decode = build(kind, **unit)
    check_pixel_weights(nn.ModuleDict(dict(decode_head=head)))
