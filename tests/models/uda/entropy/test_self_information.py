"""Entropy and maximum squares against definitions and the public code."""

import math

import numpy as np
import pytest
import torch
from helpers.reference import corner, reference, whole_files
from scipy import stats
from torch import Tensor

from mmseg_balance.models.uda.entropy.self_information import (
    entropy,
    image_weighted_max_square,
    image_weights,
    max_square,
    pixel_mean,
    self_information,
)

WEIGHTS = dict(main=0.001, aux=0.0002)
# the kept numbers, and the whole files where they are
PLACES = ['', *whole_files('')]


def scalar(value: Tensor) -> float:
    return float(value.detach())


def assert_close(found, expected):
    """1e-5 of the largest value; gradients here are as small as 1e-8."""
    bound = 1e-5 * float(expected.abs().max())
    torch.testing.assert_close(
        found, expected.view_as(found), rtol=0, atol=bound
    )


@pytest.mark.parametrize('place', PLACES)
@pytest.mark.parametrize('output', ['main', 'aux'])
def test_entropy_is_that_of_the_public_code(place, output):
    logits = reference(f'{place}adv_inputs')[f'pred_trg_{output}']
    expected = reference(f'{place}minent')
    logits.requires_grad_()
    loss = entropy(logits)
    assert_close(loss.detach(), expected[f'entropy_loss_{output}'])
    found = self_information(logits.detach()).sum(1)
    assert_close(found, expected[f'entropy_map_{output}'])
    (WEIGHTS[output] * loss).backward()
    gradient = expected[f'minent_grad_pred_trg_{output}']
    assert_close(corner(logits.grad, gradient), gradient)


@pytest.mark.parametrize('place', PLACES)
@pytest.mark.parametrize('output', ['main', 'aux'])
def test_self_information_is_that_of_the_public_code(place, output):
    logits = reference(f'{place}adv_inputs')[f'pred_trg_{output}']
    expected = reference(f'{place}advent_advent')
    expected = expected[f'self_information_trg_{output}_first3ch']
    assert_close(corner(self_information(logits), expected), expected)


@pytest.mark.parametrize('place', PLACES)
@pytest.mark.parametrize('image', [0, 1])
def test_max_square_is_that_of_the_public_code(place, image):
    expected = reference(f'{place}maxsquare')
    logits = expected['logits'][image : image + 1].requires_grad_()
    loss = max_square(logits)
    loss.backward()
    assert_close(loss.detach(), expected[f'image{image}_maxsquare'])
    gradient = expected[f'image{image}_maxsquare_grad']
    assert_close(corner(logits.grad, gradient), gradient)


@pytest.mark.parametrize('place', PLACES)
@pytest.mark.parametrize('image', [0, 1])
@pytest.mark.parametrize('ratio', ['00', '02', '05', '10'])
def test_image_weights_are_those_of_the_public_code(place, image, ratio):
    expected = reference(f'{place}maxsquare')
    logits = expected['logits'][image : image + 1].requires_grad_()
    loss = image_weighted_max_square(logits, ratio=int(ratio) / 10)
    loss.backward()
    key = f'image{image}_iw_maxsquare_ratio{ratio}'
    assert_close(loss.detach(), expected[key])
    if f'{key}_grad' in expected:
        gradient = expected[f'{key}_grad']
        assert_close(corner(logits.grad, gradient), gradient)


def test_a_batch_is_the_mean_of_its_images():
    expected = reference('maxsquare')
    logits = expected['logits']
    assert_close(max_square(logits), expected['batch2_maxsquare'])
    values = [
        expected[f'image{i}_iw_maxsquare_ratio02'].mean() for i in (0, 1)
    ]
    assert_close(image_weighted_max_square(logits), sum(values) / 2)


def test_limits_of_the_entropy():
    classes = 7
    sure = torch.zeros(1, classes, 2, 2)
    sure[:, 3] = 400.0
    assert scalar(entropy(sure)) == 0
    assert scalar(entropy(torch.zeros(1, classes, 2, 2))) == pytest.approx(1)
    sure.requires_grad_()
    entropy(sure).backward()
    assert sure.grad.isfinite().all()


@pytest.mark.parametrize(
    'loss', [entropy, max_square, image_weighted_max_square]
)
def test_padding_does_not_count(loss):
    logits = torch.randn(2, 5, 6, 8)
    valid = torch.zeros(2, 6, 8, dtype=torch.bool)
    valid[:, :4, :5] = True
    expected = loss(logits[:, :, :4, :5])
    torch.testing.assert_close(loss(logits, valid), expected)
    logits[:, :, 4:] = 1e4
    torch.testing.assert_close(loss(logits, valid), expected)
    nothing = torch.zeros_like(valid)
    assert scalar(loss(logits, nothing)) == 0


def test_image_weights_by_counting():
    logits = torch.zeros(1, 3, 1, 10)
    predicted = torch.tensor([0, 0, 0, 0, 0, 0, 1, 1, 1, 2])
    logits[0, predicted, 0, torch.arange(10)] = 5.0
    found = image_weights(logits, ratio=0.5)[0, 0]
    for i, number in enumerate((6, 6, 6, 6, 6, 6, 3, 3, 3, 1)):
        assert scalar(found[i]) == pytest.approx(1 / math.sqrt(number * 10))
    assert pixel_mean(found[None, None]) == found.mean()


def probabilities(logits):
    return logits.softmax(1).movedim(1, -1).reshape(-1, logits.shape[1])


def test_entropy_is_that_of_scipy():
    logits = 2 * torch.randn(2, 5, 3, 4)
    valid = torch.rand(2, 3, 4) < 0.6
    pixels = stats.entropy(probabilities(logits).double(), base=5, axis=1)
    np.testing.assert_allclose(
        self_information(logits).sum(1).flatten(), pixels, rtol=1e-5
    )
    assert scalar(entropy(logits)) == pytest.approx(pixels.mean(), rel=1e-5)
    assert scalar(entropy(logits, valid)) == pytest.approx(
        pixels[valid.flatten().numpy()].mean(), rel=1e-5
    )


@pytest.mark.parametrize('ratio', [0.0, 0.2, 1.0])
def test_maximum_squares_by_loops(ratio):
    logits = 2 * torch.randn(2, 5, 3, 4)
    valid = torch.rand(2, 3, 4) < 0.6
    p = probabilities(logits).view(2, 12, 5)
    plain, weighted, counted = 0.0, 0.0, 0
    for image in range(2):
        which = [i for i in range(12) if valid[image].flatten()[i]]
        best = [int(p[image, i].argmax()) for i in which]
        for i, c in zip(which, best):
            squares = float(p[image, i].square().sum())
            size = best.count(c) ** ratio * len(which) ** (1 - ratio)
            plain += squares
            weighted += squares / max(size, 1)
            counted += 1
    assert scalar(max_square(logits, valid)) == pytest.approx(
        -plain / counted / 5 / 2, rel=1e-5
    )
    found = image_weighted_max_square(logits, valid, ratio)
    assert scalar(found) == pytest.approx(-weighted / (2 * 5), rel=1e-5)
