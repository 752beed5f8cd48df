"""Consistency with the frame before (ITCR): the public code, and a loop."""

import math

import numpy as np
import pytest
import torch
from helpers.reference import reference, whole_files
from scipy import stats

from mmseg_balance.models.frames import FramePair
from mmseg_balance.models.uda.temporal.intra_domain import (
    entropy,
    intra_domain_consistency,
    propagated_probabilities,
)

FILES = ['video/davsn_itcr', *whole_files('video/davsn_itcr')]


def splat(probabilities, flow):
    """DA-VSN's propagation: the frame before, written to its places.

    The flow at p is read although p is a pixel of the frame before; rows are
    the inner loop, and what is written last counts.
    """
    size = probabilities.shape[-2:]
    ratio = size[0] / flow.shape[-2]
    flow = torch.nn.functional.interpolate(
        flow, size, mode='bilinear', align_corners=True
    )
    u, v = (flow[0] * ratio).numpy()
    out = torch.zeros_like(probabilities)
    for x in range(size[1]):
        for y in range(size[0]):
            row, column = np.rint(y - v[y, x]), np.rint(x - u[y, x])
            if 0 <= row < size[0] and 0 <= column < size[1]:
                out[..., int(row), int(column)] = probabilities[..., y, x]
    return out


@pytest.mark.parametrize('name', FILES)
def test_it_is_that_of_the_public_code(name):
    data = reference(name)
    logits = data['logits_cf'].requires_grad_()
    propagated = data['prob_propagated']
    probabilities = data['logits_kf'].double().softmax(1)
    torch.testing.assert_close(
        splat(probabilities, data['flow']), propagated, atol=1e-6, rtol=0
    )
    filled = propagated.sum(1) > 0
    assert 0.3 < filled.float().mean() < 0.7
    loss, share = intra_domain_consistency(
        logits, propagated.to(logits), filled
    )
    torch.testing.assert_close(loss, data['loss'], atol=1e-6, rtol=0)
    loss.backward()
    gradient = data['grad_logits_cf']
    assert gradient.abs().max() > 1e-4
    torch.testing.assert_close(logits.grad, gradient, atol=1e-9, rtol=1e-5)
    learns = filled & (data['weights'] > 0)
    assert share.item() == pytest.approx(learns.float().mean().item())
    # there it is the mean over classes, over their logarithm
    scale = 1 / (logits.shape[1] * math.log(logits.shape[1]))
    found = entropy(logits.detach().softmax(1)) * scale
    torch.testing.assert_close(found, data['ent_cf'])


def test_each_pixel_by_itself():
    generator = torch.Generator().manual_seed(1)
    shape = (2, 5, 6, 7)
    logits = torch.randn(shape, generator=generator, dtype=torch.float64)
    other = 2 * torch.randn(shape, generator=generator, dtype=torch.float64)
    known = torch.rand(2, 6, 7, generator=generator) < 0.7
    counted = torch.rand(2, 6, 7, generator=generator) < 0.8
    loss, share = intra_domain_consistency(
        logits, other.softmax(1), known, counted
    )
    total = learns = 0.0
    for n, y, x in np.ndindex(2, 6, 7):
        p, q = (z[n, :, y, x].softmax(0).numpy() for z in (logits, other))
        if not (known[n, y, x] and counted[n, y, x]):
            continue
        if stats.entropy(q) < stats.entropy(p):
            total += np.abs(p - q).sum()
            learns += 1
    pixels = int(counted.sum())
    assert loss.item() == pytest.approx(total / pixels / 5)
    assert share.item() == pytest.approx(learns / pixels)
    assert 0.2 < share < 0.8


def test_nothing_is_learnt_where_nothing_is_known():
    logits = torch.randn(1, 3, 4, 4, requires_grad=True)
    certain = torch.zeros(1, 3, 4, 4)
    certain[:, 0] = 1
    nowhere = torch.zeros(1, 4, 4, dtype=torch.bool)
    for known, counted in ((nowhere, ~nowhere), (~nowhere, nowhere)):
        loss, share = intra_domain_consistency(logits, certain, known, counted)
        assert loss == share == 0
        (gradient,) = torch.autograd.grad(loss, logits)
        assert not gradient.any()


def test_extreme_logits_have_finite_gradients():
    logits = torch.tensor([[200.0, -200], [0, 0]]).view(1, 2, 2, 1)
    logits.requires_grad_()
    certain = torch.tensor([[0.0, 1], [1, 0]]).view(1, 2, 2, 1)
    everywhere = torch.ones(1, 2, 1, dtype=torch.bool)
    loss, _ = intra_domain_consistency(logits, certain, everywhere)
    loss.backward()
    assert torch.isfinite(loss) and torch.isfinite(logits.grad).all()


def pair_of(flow, size, valid=None):
    flow = torch.tensor(flow).view(1, 2, 1, 1).expand(1, 2, *size)
    if valid is None:
        valid = torch.ones(1, *size, dtype=torch.bool)
    return FramePair(torch.zeros(1, 3, *size), flow, valid)


def test_probabilities_are_moved_in_pixels_of_the_head():
    """16 pixels of the image are 4 cells of a head of stride 4."""
    logits = torch.randn(1, 3, 8, 10)
    pair = pair_of((16.0, -8.0), (32, 40))
    image = torch.ones(1, 32, 40, dtype=torch.bool)
    q, known, counted = propagated_probabilities(logits, pair, image)
    torch.testing.assert_close(q[..., 2:, :6], logits.softmax(1)[..., :6, 4:])
    expected = torch.zeros(1, 8, 10, dtype=torch.bool)
    expected[:, 2:, :6] = True
    assert torch.equal(known, expected)
    assert counted.all()


def test_what_does_not_count_has_no_share():
    logits = torch.randn(1, 3, 8, 10)
    valid = torch.ones(1, 32, 40, dtype=torch.bool)
    valid[:, 12:, 21] = False  # one of two that cell 5 is read from
    image = torch.ones(1, 32, 40, dtype=torch.bool)
    image[:, :, 32:] = False  # padding
    pair = pair_of((4.0, 0.0), (32, 40), valid)
    _, known, counted = propagated_probabilities(logits, pair, image)
    assert not known[0, 3:, 5].any() and known[0, :3, 5].all()
    # column 7 comes from column 8, which is padding
    assert known[0, :, 6].all() and not known[0, :, 7:].any()
    assert counted[0, :, :8].all() and not counted[0, :, 8:].any()
