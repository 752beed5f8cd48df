"""Entropy with gradient-based class weights, against autograd."""

import math

import pytest
import torch

from mmseg_balance.models.losses.gradient_weights import class_weights
from mmseg_balance.models.uda.objectives import EntropyObjective
from mmseg_balance.models.uda.self_information import entropy
from mmseg_balance.models.uda.weighted_entropy import (
    entropy_weights,
    weighted_entropy,
)


def batch(classes=5):
    torch.manual_seed(0)
    logits = 2 * torch.randn(2, classes, 6, 7, dtype=torch.float64)
    logits[:, 4] -= 20  # never predicted
    valid = torch.ones(2, 6, 7, dtype=torch.bool)
    valid[:, 0] = False
    return logits, valid


def pixel_entropy(logits):
    p = logits.softmax(1)
    return -(p * p.log()).sum(1) / math.log(logits.shape[1])


@pytest.mark.parametrize('mode, scale', [('normalized', 0.5), ('paper', 1e-3)])
def test_weights_follow_the_gradients_of_class_entropies(mode, scale):
    logits, valid = batch()
    predicted = logits.argmax(1)
    squared, present = [], []
    for c in range(5):
        leaf = logits.clone().requires_grad_()
        mask = valid & (predicted == c)
        loss = (pixel_entropy(leaf) * mask).sum() / (mask.sum() + 1)
        (gradient,) = torch.autograd.grad(loss, leaf)
        squared.append(gradient.square().sum())
        present.append(mask.any())
    squared, present = torch.stack(squared), torch.stack(present)
    assert present.tolist() == [True] * 4 + [False]
    if mode == 'paper':
        expected = class_weights(squared, scale)
    else:
        mean = squared[:4].mean()
        expected = torch.ones(5, dtype=torch.float64)
        expected[:4] = class_weights(squared[:4] / mean, scale)
    found = entropy_weights(
        logits.log_softmax(1), valid, predicted, scale, mode
    )
    assert found.std() > 0.1
    torch.testing.assert_close(found, expected)
    loss, weights = weighted_entropy(logits, valid, scale, mode)
    assert torch.equal(weights, found)
    pixels = pixel_entropy(logits) * expected[predicted]
    torch.testing.assert_close(loss, pixels[valid].mean())


def test_a_large_lambda_is_plain_entropy():
    logits, valid = batch()
    torch.testing.assert_close(
        weighted_entropy(logits, valid, 1e9)[0], entropy(logits, valid)
    )


def test_saturated_and_empty_predictions_are_finite():
    logits, valid = batch()
    logits = 300 * logits.float()
    logits.requires_grad_()
    weighted_entropy(logits, valid)[0].backward()
    assert logits.grad.isfinite().all()
    loss, _ = weighted_entropy(logits.detach(), torch.zeros_like(valid))
    assert loss == 0


@pytest.mark.parametrize(
    'settings, words',
    [
        (dict(mode='released'), '`mode` of class_weighting.*released'),
        (dict(regularization=0), '`regularization`.*class_weighting.*0'),
        (dict(regularization=float('nan')), '`regularization`.*nan'),
        (dict(regularization='1'), "`regularization`.*'1'"),
        (dict(lam=1), '`class_weighting` of EntropyObjective.*lam'),
        (True, '`class_weighting` of EntropyObjective.*True'),
    ],
)
def test_bad_settings(settings, words):
    with pytest.raises(ValueError, match=words):
        EntropyObjective(class_weighting=settings)


def test_other_kinds_have_no_weights():
    with pytest.raises(ValueError, match="`kind` is 'max_square'"):
        EntropyObjective('max_square', class_weighting={})


def test_objective_weighs_entropy():
    logits, valid = batch()
    objective = EntropyObjective(class_weighting=dict(regularization=0.01))
    torch.testing.assert_close(
        objective.criterion(logits, valid),
        weighted_entropy(logits, valid, 0.01)[0],
    )
    assert list(objective.history.take()) == ['target']
