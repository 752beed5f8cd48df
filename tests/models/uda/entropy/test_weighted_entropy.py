"""Entropy with gradient-based class weights, against autograd."""

import math

import pytest
import torch

from mmseg_balance.models.losses.class_weights.gradient_weights import (
    class_weights,
)
from mmseg_balance.models.uda.entropy.self_information import entropy
from mmseg_balance.models.uda.entropy.weighted_entropy import (
    channel_weights,
    predicted_weights,
    weighted_entropy,
)
from mmseg_balance.models.uda.objectives import EntropyObjective


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
def test_weights_follow_the_entropies_of_predictions(mode, scale):
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
    found = predicted_weights(
        logits.log_softmax(1), valid, predicted, scale, mode
    )
    assert found.std() > 0.1
    torch.testing.assert_close(found, expected)
    loss, weights = weighted_entropy(logits, valid, scale, mode, 'predicted')
    assert torch.equal(weights, found)
    pixels = pixel_entropy(logits) * expected[predicted]
    torch.testing.assert_close(loss, pixels[valid].mean())


def pixel_by_pixel(logits, valid):
    """Loss and squared gradient of each class of the paper, (C,) each."""
    classes = logits.shape[1]
    pixels = logits.movedim(1, -1)[valid]
    losses, squared = torch.zeros(2, classes, dtype=torch.float64)
    for pixel in pixels:
        for c in range(classes):
            leaf = pixel.clone().requires_grad_()
            p = leaf.softmax(0)[c]
            loss = -p * p.log() / math.log(classes) / len(pixels)
            (gradient,) = torch.autograd.grad(loss, leaf)
            losses[c] += loss.detach()
            squared[c] += gradient.square().sum()
    return losses, squared


@pytest.mark.parametrize('mode, scale', [('normalized', 0.5), ('paper', 1e-4)])
def test_class_losses_of_the_paper_are_channels(mode, scale):
    logits, valid = batch()
    losses, squared = pixel_by_pixel(logits, valid)
    if mode == 'normalized':
        squared = squared / squared.mean()
    expected = class_weights(squared, scale)
    assert expected.std() > 0.1
    loss, weights = weighted_entropy(logits, valid, scale, mode)
    torch.testing.assert_close(weights, expected)
    torch.testing.assert_close(loss, (expected * losses).sum())


def test_dominant_classes_weigh_more_in_the_paper():
    """Where the entropies of predictions give them less."""
    logits, valid = batch(10)
    logits[:, 0, :, :3] += 5
    logits[:, 1, :, 3:] += 5
    logs = logits.log_softmax(1)
    ours = predicted_weights(logs, valid, logits.argmax(1))
    paper = channel_weights(logs, valid)
    assert (ours[:2] < 0.9).all()
    assert (paper[:2] > 1.1).all()


KINDS = pytest.mark.parametrize('class_loss', ['channel', 'predicted'])


@KINDS
def test_a_large_lambda_is_plain_entropy(class_loss):
    logits, valid = batch()
    torch.testing.assert_close(
        weighted_entropy(logits, valid, 1e9, class_loss=class_loss)[0],
        entropy(logits, valid),
    )


@KINDS
def test_saturated_and_empty_predictions_are_finite(class_loss):
    logits, valid = batch()
    logits = 300 * logits.float()
    logits.requires_grad_()
    weighted_entropy(logits, valid, class_loss=class_loss)[0].backward()
    assert logits.grad.isfinite().all()
    loss, weights = weighted_entropy(
        logits.detach(), torch.zeros_like(valid), class_loss=class_loss
    )
    assert loss == 0
    assert (weights == 1).all()


@pytest.mark.parametrize(
    'settings, words',
    [
        (dict(mode='released'), '`mode` of class_weighting.*released'),
        (dict(regularization=0), '`regularization`.*class_weighting.*0'),
        (dict(regularization=float('nan')), '`regularization`.*nan'),
        (dict(regularization='1'), "`regularization`.*'1'"),
        (dict(class_loss='pixel'), "`class_loss`.*channel.*'pixel'"),
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


@KINDS
def test_objective_weighs_entropy(class_loss):
    logits, valid = batch()
    settings = dict(regularization=0.01)
    if class_loss != 'channel':  # the default
        settings['class_loss'] = class_loss
    objective = EntropyObjective(class_weighting=settings)
    torch.testing.assert_close(
        objective.criterion(logits, valid),
        weighted_entropy(logits, valid, 0.01, class_loss=class_loss)[0],
    )
    assert list(objective.history.take()) == ['target']


def test_weights_of_the_entropies_are_those_of_advent():
    objective = EntropyObjective()
    assert objective.loss_weight == 0.001
    assert objective.auxiliary_loss_weight == 0.0002
