"""Gradient-based class weights against the public code and autograd."""

from contextlib import nullcontext

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from helpers.reference import corner, reference, whole_files
from mmengine.registry import init_default_scope
from mmseg.registry import MODELS
from scipy.optimize import minimize

from mmseg_balance.models.losses import GBWLoss
from mmseg_balance.models.losses.class_weights import gradient_weights
from mmseg_balance.models.losses.class_weights.gradient_weights import (
    class_weights,
    weights_of_mode,
)


@pytest.fixture(autouse=True)
def _scope():
    init_default_scope('mmseg')


def build(**kwargs):
    return MODELS.build(dict(type='GBWLoss', **kwargs))


def class_gradients(logits, labels, *args, **kwargs):
    known = labels != 255
    target = labels.masked_fill(~known, 0)
    return gradient_weights.class_gradients(
        logits.log_softmax(1), target, known, *args, **kwargs
    )


@pytest.fixture(
    scope='module', params=['gbw_small', *whole_files('gbw_small')]
)
def small(request):
    return reference(request.param)


def test_gradients_agree_with_the_public_code(small):
    logits, labels = small['logits'], small['labels']
    released, present = class_gradients(logits, labels, mode='released')
    torch.testing.assert_close(released.float(), small['g_squared'])
    assert torch.equal(present, small['class_pixels_plus1'] > 1)
    for weight, name in ((None, 'eq11'), (small['pixel_weight'], 'eq12')):
        own, _ = class_gradients(logits, labels, weight, 'paper')
        expected = small[f'derived_g_squared_paper_{name}']
        torch.testing.assert_close(own.float(), expected, rtol=1e-4, atol=0)


def test_losses_and_gradients_agree_with_the_public_code(small):
    for i, value in enumerate(small['lambdas'].tolist()):
        loss = build(mode='released', regularization=value)
        args = small['logits'], small['labels']
        torch.testing.assert_close(
            loss.weights(*args).float(),
            small['derived_w_exact'][i],
            rtol=1e-5,
            atol=1e-5,
        )
        exact = small['derived_w_exact'][i]
        pixels = F.cross_entropy(*args, reduction='none', ignore_index=255)
        pixels = pixels * exact[args[1].clamp(max=18)]
        for weight, name in ((None, ''), (small['pixel_weight'], '_pixel')):
            expected = pixels if weight is None else pixels * weight
            found = loss(*args, weight=weight)
            torch.testing.assert_close(found, expected.mean())
            if value >= 0.1:  # below, the released solver stops too early
                name = f'loss{name}_weighted' if name else 'loss'
                torch.testing.assert_close(
                    found, small[name][i], rtol=1e-3, atol=1e-4
                )
    logits = small['logits'].clone().requires_grad_()
    build(mode='released')(logits, small['labels']).backward()
    expected = small['grad_loss_lambda1']
    torch.testing.assert_close(
        corner(logits.grad, expected), expected, rtol=1e-3, atol=1e-7
    )


def test_weights_agree_with_the_exact_solutions():
    arrays = reference('gbw_qp')
    for row, g in enumerate(arrays['g']):
        value = float(arrays['lambda_'][row])
        g = g.double()
        found = class_weights(g.square(), value)
        exact = arrays['derived_w_exact'][row]
        torch.testing.assert_close(
            found.float(), exact, rtol=1e-5, atol=1e-5, msg=str(row)
        )
        if arrays['solver_optimal'][row]:
            # it stops at an objective within 1e-4, absolute or relative
            objective = value * found.square().sum() - g.square() @ found
            gap = 2e-4 * max(1.0, abs(float(objective)))
            away = (found - arrays['w'][row]).norm()
            assert away <= (gap / value) ** 0.5 + 1e-4, row


def bisected(gradients, value):
    """The weights by another way: a search for the threshold."""
    point = gradients.double().numpy() / (2 * value)
    low, high = point.min() - 1, point.max()
    for _ in range(200):
        middle = (low + high) / 2
        if np.maximum(point - middle, 0).sum() > len(point):
            low = middle
        else:
            high = middle
    return np.maximum(point - low, 0)


def test_weights_at_training_resolution():
    arrays = reference('gbw_fullres_magnitude')
    moved = []
    for case in ('H512_mid', 'H512_stray', 'H1024_init'):
        # the solver's tolerance is sqrt(1e-4 / lambda) in the weights
        for name, value in (('1', 1), ('01', 0.1), ('001', 0.01)):
            near = 1e-2 * value**-0.5
            gradients = arrays[f'{case}_g_squared']
            found = class_weights(gradients, value)
            np.testing.assert_allclose(
                found, bisected(gradients, value), rtol=1e-9, atol=1e-9
            )
            released = arrays[f'{case}_w_lambda{name}']
            torch.testing.assert_close(
                found.float(), released, rtol=0, atol=near
            )
            if (released - 1).abs().max() > 2 * near:
                moved.append((case, name))
    assert len(moved) >= 2  # where weights of 1 would not do


def test_weights_solve_the_quadratic_program():
    gradients = torch.tensor([0.1, 2.0, 0.0, 0.7], dtype=torch.float64)
    solution = minimize(
        lambda w: 0.3 * (w**2).sum() - (gradients.numpy() * w).sum(),
        np.ones(4),
        bounds=[(0, None)] * 4,
        constraints=dict(type='eq', fun=lambda w: w.sum() - 4),
        options=dict(ftol=1e-14),
    )
    found = class_weights(gradients, 0.3)
    np.testing.assert_allclose(found, solution.x, atol=1e-5)


def test_a_huge_logit_is_no_nan():
    arrays = reference('gbw_switched_off')
    loss = build(mode='released')
    for i, gap in enumerate(arrays['gaps']):
        logits = arrays['logits'].clone()
        logits[0, 7, 3, 3] += gap
        value = loss(logits, arrays['labels'])
        assert value.isfinite()
        if arrays['weights_used'][i]:  # there it had weights
            torch.testing.assert_close(
                value, arrays['loss'][i], rtol=1e-3, atol=1e-3
            )


def batch(classes=5):
    logits = torch.randn(2, classes, 6, 7) * 2
    labels = torch.randint(classes - 1, (2, 6, 7))  # the last one is absent
    labels[:, 0] = 255
    return logits, labels


@pytest.mark.parametrize('gamma', [0.0, 0.5, 2.0])
@pytest.mark.parametrize('weighted', [False, True])
def test_gradients_of_class_losses_are_those_of_autograd(weighted, gamma):
    logits, labels = batch()
    weight = torch.rand(2, 6, 7) if weighted else None
    found, present = class_gradients(
        logits, labels, weight, 'paper', focal_gamma=gamma
    )
    for c in range(5):
        leaf = logits.clone().requires_grad_()
        loss = F.cross_entropy(
            leaf, labels, reduction='none', ignore_index=255
        )
        own = labels == c
        if gamma:
            loss = (1 - (-loss).exp()) ** gamma * loss
        loss = loss * own if weight is None else loss * own * weight
        (gradient,) = torch.autograd.grad(loss.sum() / (own.sum() + 1), leaf)
        expected = gradient.square().sum().double()
        torch.testing.assert_close(found[c], expected, rtol=1e-4, atol=1e-9)
        assert present[c] == own.any()


def test_normalized_weights_do_not_depend_on_the_crop():
    logits, labels = batch()
    loss = build(regularization=0.5)
    once = loss.weights(logits, labels)
    repeated = loss.weights(
        logits.repeat(1, 1, 40, 40), labels.repeat(1, 40, 40)
    )
    torch.testing.assert_close(once, repeated, rtol=0.2, atol=0.2)
    assert once[4] == repeated[4] == 1  # absent
    torch.testing.assert_close(once.sum(), torch.tensor(5.0).double())
    assert once[:4].std() > 0.05
    released = build(mode='released', regularization=0.5)
    flat = released.weights(
        logits.repeat(1, 1, 40, 40), labels.repeat(1, 40, 40)
    )
    assert (flat - 1).abs().max() < 0.01  # there it is nearly nothing


def test_rare_classes_weigh_more():
    torch.manual_seed(1)
    labels = torch.zeros(1, 32, 32, dtype=torch.int64)
    labels[:, 0, :4] = 1
    weights = build().weights(torch.zeros(1, 2, 32, 32), labels)
    assert weights[1] > 1 > weights[0]


@pytest.mark.parametrize('mode', ['normalized', 'paper', 'released'])
def test_without_labels_it_is_zero(mode):
    logits = torch.randn(1, 4, 5, 5, requires_grad=True)
    labels = torch.full((1, 5, 5), 255)
    loss = build(mode=mode)(logits, labels)
    loss.backward()
    assert loss == 0 and (logits.grad == 0).all()


def test_it_is_a_criterion_of_blda():
    logits, labels = batch()
    blda = MODELS.build(
        dict(
            type='BLDALoss',
            num_classes=5,
            tau=0.7,
            min_samples=5,
            criterion=dict(type='GBWLoss'),
        )
    ).train()
    plain = build()(logits, labels)
    # there are no offsets yet
    first = blda(logits.clone().requires_grad_(), labels)
    torch.testing.assert_close(first.detach(), plain)
    blda.update_statistics()
    offset = blda.statistics.offset(logits, labels, None, 255)
    adjusted = build()(logits - 0.7 * offset, labels)
    value = blda.eval()(logits, labels)
    torch.testing.assert_close(value, adjusted)
    assert abs(value - plain) > 1e-2


def test_150_classes_on_the_meta_device(monkeypatch):
    # torch knows no autocast of the meta device, not even to switch it off
    monkeypatch.setattr(torch, 'autocast', lambda *_, **__: nullcontext())
    logits = torch.empty(2, 150, 64, 64, device='meta', requires_grad=True)
    labels = torch.empty(2, 64, 64, dtype=torch.int64, device='meta')
    for mode in ('normalized', 'paper', 'released'):
        build(mode=mode)(logits, labels).backward()  # nothing is awaited
    assert logits.grad.shape == logits.shape


@pytest.mark.parametrize(
    'settings, words',
    [
        (dict(mode='exact'), 'normalized'),
        (dict(regularization=0.0), 'above 0'),
        (dict(regularization=float('nan')), 'above 0'),
    ],
)
def test_bad_settings_are_named(settings, words):
    with pytest.raises(ValueError, match=words):
        build(**settings)


def test_pixels_without_weight_are_as_ignored():
    logits, labels = batch()
    weight = torch.ones(2, 6, 7)
    weight[1] = 0
    labels[1] = torch.randint(2, 4, (6, 7))  # two classes are there alone
    labels[0].clamp_(max=1).masked_fill_(torch.rand(6, 7) < 0.1, 255)
    ignored = labels.masked_fill(weight == 0, 255)
    found = build().weights(logits, labels, weight)
    torch.testing.assert_close(found, build().weights(logits, ignored))
    assert found[2] == found[3] == 1


def test_unsure_classes_are_not_taken_for_easy_ones():
    """One weight for a class changes nothing, where it has many pixels."""
    logits = 2 * torch.randn(2, 4, 60, 70)
    labels = torch.randint(4, (2, 60, 70))
    sure = build().weights(logits, labels)
    weight = torch.ones(2, 60, 70).masked_fill(labels > 1, 0.1)
    unsure = build().weights(logits, labels, weight)
    torch.testing.assert_close(unsure, sure, rtol=1e-2, atol=0)
    # as printed (Eq. 12), it does
    paper = build(mode='paper', regularization=1e-4)
    shift = paper.weights(logits, labels, weight)[:2].mean()
    assert shift > paper.weights(logits, labels)[:2].mean() + 0.1


def test_a_tiny_lambda_leaves_the_sum():
    gradients = torch.tensor([0.1, 2.0, 0.0, 0.7], dtype=torch.float64)
    expected = torch.tensor([0.0, 4, 0, 0], dtype=torch.float64)
    for value in (1e-6, 1e-20, 1e-200):
        found = class_weights(gradients, value)
        torch.testing.assert_close(found, expected)


@pytest.mark.parametrize('gamma', [0.0, 2.0])
def test_loss_is_the_weighted_mean(gamma):
    logits, labels = batch()
    loss = build(focal_gamma=gamma)
    weight = torch.rand(2, 6, 7)
    weights = loss.weights(logits, labels, weight).float()
    pixels = F.cross_entropy(
        logits, labels, reduction='none', ignore_index=255
    )
    pixels = (1 - (-pixels).exp()) ** gamma * pixels
    known = labels != 255
    pixels = pixels * weights[labels.masked_fill(~known, 0)] * known * weight
    found = loss(logits, labels, weight=weight)
    torch.testing.assert_close(found, pixels.mean())


def double_loop(logits, labels, weight, class_weights):
    """Eq. 2: classes, and pixels of each; with Eq. 12 inside."""
    classes, total = logits.shape[1], 0.0
    for c in range(classes):
        own = []
        for n, y, x in (labels == c).nonzero().tolist():
            z = logits[n, :, y, x].double().numpy()
            loss = np.log(np.exp(z - z[c]).sum())
            own.append(float(weight[n, y, x]) * loss)
        if own:
            total += float(class_weights[c]) * sum(own) / len(own) / classes
    return total


@pytest.mark.parametrize('mode', ['paper', 'normalized'])
def test_class_means_are_those_of_equation_2(mode):
    logits, labels = batch()
    labels[1] = labels[1].clamp(max=1)  # few pixels of the others
    weight = torch.rand(2, 6, 7)
    loss = build(mode=mode, regularization=0.01, class_means=True)
    weights = loss.weights(logits, labels, weight)
    assert weights.std() > 0.1
    expected = double_loop(logits, labels, weight, weights)
    found = loss(logits, labels, weight=weight)
    assert float(found) == pytest.approx(expected, rel=1e-5)
    pixels = loss(logits, labels, weight=weight, reduction_override='none')
    torch.testing.assert_close(pixels.mean(), found)
    over_pixels = build(mode=mode, regularization=0.01)
    assert float(over_pixels(logits, labels, weight=weight)) != pytest.approx(
        expected, rel=1e-2
    )


def test_class_means_do_not_depend_on_the_number_of_pixels():
    """Of a class, and of ignored ones; weights are 1."""
    loss = build(class_means=True, regularization=1e9)
    logits, labels = torch.randn(1, 3, 1, 2), torch.tensor([[[0, 1]]])
    index = torch.tensor([0, 0, 0, 0, 1, 0])
    many = labels[..., index]
    many[..., 5] = 255
    torch.testing.assert_close(
        loss(logits[..., index], many), loss(logits, labels)
    )
    assert loss(logits, torch.full_like(labels, 255)) == 0


@pytest.mark.parametrize('mode', ['normalized', 'paper', 'released'])
def test_weights_are_those_of_the_loss_that_is_taken(mode):
    """Of the focal loss where that is the loss, and of its pixel weights."""
    torch.manual_seed(0)
    logits, labels = 2 * torch.randn(2, 4, 5, 6), torch.randint(4, (2, 5, 6))
    labels[0] = 1
    labels[1, 0] = 9
    known, weight = labels != 9, torch.rand(2, 5, 6)
    target = labels.masked_fill(~known, 0)
    found = []
    for gamma in (0.0, 2.0):
        loss = GBWLoss(mode, 0.02, focal_gamma=gamma)
        squared, present = gradient_weights.class_gradients(
            logits.log_softmax(1), target, known, weight, mode, gamma
        )
        expected = weights_of_mode(squared, present, 0.02, mode)
        found.append(loss.weights(logits, labels, weight, 9))
        torch.testing.assert_close(found[-1], expected)
    assert (found[0] - found[1]).abs().max() > 1e-4
