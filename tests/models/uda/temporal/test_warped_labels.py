"""Labels of TPS against loops, and numbers by its public rule."""

import numpy as np
import pytest
import torch
from helpers.reference import reference, whole_files
from mmseg.registry import MODELS

from mmseg_balance.models.head_losses.pixel_targets import PixelTargets
from mmseg_balance.models.head_losses.segmentation_loss import loss_values
from mmseg_balance.models.uda.teacher.labelling import teacher_logits
from mmseg_balance.models.uda.temporal.warped_labels import (
    earlier_logits,
    warped_labels,
)
from mmseg_balance.optical_flow import resize_flow

FILES = ('video/tps_label', 'video/tps_label_flip')


@pytest.mark.parametrize('name', [FILES[1], *whole_files(*FILES)])
def test_labels_and_loss_are_those_of_the_public_rule(name):
    data = reference(name)
    flow = resize_flow(data['flow'], (12, 14), align_corners=True)
    everywhere = torch.ones(1, 12, 14, dtype=torch.bool)
    logits = data['logits_prev']
    if data['flip']:
        # what the network says of mirrored frames, mirrored again: the
        # public code warps before that, which is not done here
        logits = logits.flip(-1)
    labels = warped_labels(logits, flow, everywhere)
    known = labels != 255
    assert 0.5 < known.double().mean() < 1  # the others are beyond the border
    assert torch.equal(labels[known], data['label_unflip_first'][known])

    # and the loss, of all pixels there
    expected = data['label_public_order']
    if not data['flip']:
        assert torch.equal(labels[known], expected[known])
    head = MODELS.build(
        dict(type='FCNHead', in_channels=4, channels=4, num_classes=6)
    )
    student = data['logits_student'].requires_grad_()
    (loss,) = loss_values(head, student, PixelTargets(expected)).values()
    (gradient,) = torch.autograd.grad(loss, student)
    torch.testing.assert_close(loss, data['loss'], atol=1e-6, rtol=0)
    torch.testing.assert_close(
        gradient, data['grad_student'], atol=1e-6, rtol=0
    )


def by_loops(logits, flow, valid, threshold):
    """Pixel by pixel, in float64."""
    exp = np.exp(logits - logits.max(0))
    probs = exp / exp.sum(0)
    classes, height, width = probs.shape
    labels = np.full((height, width), 255)
    for y, x in np.ndindex(height, width):
        column, row = x + flow[0, y, x], y + flow[1, y, x]
        if not valid[y, x] or not (
            -0.5 <= column < width - 0.5 and -0.5 <= row < height - 0.5
        ):
            continue
        total = np.zeros(classes)
        for i, j in np.ndindex(height, width):
            share = max(0, 1 - abs(min(max(column, 0), width - 1) - j))
            share *= max(0, 1 - abs(min(max(row, 0), height - 1) - i))
            total += share * probs[:, i, j]
        if total.max() >= threshold:
            labels[y, x] = total.argmax()
    return labels


@pytest.mark.parametrize('threshold', [None, 0.5])
def test_labels_are_those_of_a_loop(threshold):
    generator = torch.Generator().manual_seed(3)
    kind = dict(generator=generator, dtype=torch.float64)
    logits = 2 * torch.randn(2, 3, 6, 7, **kind)
    flow = 2 * torch.randn(2, 2, 6, 7, **kind)
    valid = torch.rand(2, 6, 7, **kind) > 0.2
    found = warped_labels(logits, flow, valid, threshold)
    for n in range(2):
        parts = (x[n].numpy() for x in (logits, flow, valid))
        expected = by_loops(*parts, threshold or 0.0)
        np.testing.assert_array_equal(found[n].numpy(), expected)
    assert (found == 255).any() and (found != 255).any()


def test_half_precision_warps_in_float32():
    logits = torch.randn(1, 3, 40, 300)
    flow = torch.full((1, 2, 40, 300), 0.4)
    valid = torch.ones(1, 40, 300, dtype=torch.bool)
    found = warped_labels(logits.half(), flow, valid)
    expected = warped_labels(logits.half().float(), flow, valid)
    assert torch.equal(found, expected)


@pytest.fixture
def network(frames_segmentor):
    torch.manual_seed(0)
    return MODELS.build(frames_segmentor(dropout=0.5)).train()


@pytest.mark.parametrize('flip', [False, True])
def test_the_earlier_pass_leaves_no_trace(network, flip):
    frames = torch.randn(2, 3, 32, 32)
    before = {k: v.clone() for k, v in network.state_dict().items()}
    draws = torch.random.get_rng_state()
    first = earlier_logits(network, frames, flip)
    assert torch.equal(first, earlier_logits(network, frames, flip))
    assert torch.equal(draws, torch.random.get_rng_state())
    for key, value in network.state_dict().items():
        assert torch.equal(value, before[key]), key
    rates = [m.p for m in network.modules() if 'Dropout' in type(m).__name__]
    assert rates and set(rates) == {0.5}
    assert network.training and not first.requires_grad
    # batch norms took the statistics of these frames, as in training
    assert network.backbone.layers[1].track_running_stats
    network.eval()
    assert not torch.allclose(first, earlier_logits(network, frames, flip))


def test_a_mirrored_look_is_mirrored_back(network):
    network.eval()
    frames = torch.randn(2, 3, 32, 32)
    expected = teacher_logits(network, frames.flip(-1)).flip(-1)
    assert torch.equal(earlier_logits(network, frames, True), expected)
    assert not torch.equal(earlier_logits(network, frames), expected)


def test_a_pass_behind_it_has_gradients_under_autocast(network):
    frames = torch.randn(2, 3, 32, 32)
    keeps = []
    network.backbone.register_forward_pre_hook(
        lambda *_: keeps.append(torch.is_autocast_cache_enabled())
    )
    gradients = []
    for labels_first in (False, True):
        network.zero_grad()
        torch.manual_seed(3)  # of the dropout
        with torch.autocast('cpu', torch.bfloat16):
            if labels_first:
                earlier_logits(network, frames)
            teacher_logits.__wrapped__(network, frames).sum().backward()
        gradients.append([p.grad for p in network.parameters()])
    for without, behind in zip(*gradients, strict=True):
        assert torch.equal(without, behind)
    # what is cast is not kept: older releases of torch would take it
    assert keeps == [True, False, True]
