"""ACCEL's fusion, beside public numbers and loops."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from helpers.reference import reference, whole_files

from mmseg_balance.models.decode_heads.frame_fusion import (
    FrameFusion,
    propagate,
)
from mmseg_balance.optical_flow import resize_flow

TOLERANCE = dict(rtol=1e-5, atol=1e-6)


def fused(weight, logits, propagated, grad):
    """Our fusion with their K, and its gradients."""
    fusion = FrameFusion(logits.shape[1])
    assert fusion.weight.shape == weight.shape
    fusion.weight.data = weight.clone()
    logits = logits.clone().requires_grad_()
    found = fusion(logits, propagated)
    found.backward(grad)
    return found, logits, fusion.weight


def splat(logits, flow):
    """DA-VSN's propagation: each pixel is sent to where it moved."""
    height, width = logits.shape[-2:]
    out, filled = torch.zeros_like(logits), torch.zeros(1, 1, height, width)
    for x in range(width):
        for y in range(height):
            column = round(x - float(flow[0, 0, y, x]))
            row = round(y - float(flow[0, 1, y, x]))
            if 0 <= column < width and 0 <= row < height:
                out[..., row, column] = logits[..., y, x]
                filled[..., row, column] = 1
    return out, filled


@pytest.mark.parametrize('name', whole_files('video/accel_davsn'))
def test_numbers_of_davsn(name):
    data = reference(name)
    start = FrameFusion(5).weight
    assert torch.equal(start, data['init_weight'])

    flow, logits = data['flow'], data['logits_kf']
    height, width = logits.shape[-2:]
    # one ratio for both axes, see README_video.md
    small = F.interpolate(
        flow, (height, width), mode='bilinear', align_corners=True
    ) * (height / flow.shape[-2])
    own = resize_flow(flow, (height, width), align_corners=True)
    torch.testing.assert_close(small, own)  # whose ratios are equal here
    moved, filled = splat(logits.double(), small)
    assert torch.equal(filled.double(), data['filled'].double())
    torch.testing.assert_close(moved, data['propagated'], rtol=0, atol=1e-6)

    found, cf, weight = fused(
        data['weight'], data['logits_cf'], moved.float(), data['grad_pred']
    )
    torch.testing.assert_close(found, data['pred'], **TOLERANCE)
    torch.testing.assert_close(cf.grad, data['grad_cf'], **TOLERANCE)
    torch.testing.assert_close(
        weight.grad, data['grad_weight'], rtol=1e-5, atol=1e-5
    )


def uvda_warp(values, flow, ignored=255.0):
    """UVDA's rule, see tests/optical_flow/test_uvda_rule.py."""
    channels, height, width = values.shape
    out = np.full_like(values, ignored)
    sampled = np.zeros((height, width), int)
    kept = np.zeros((height, width), bool)
    for y, x in np.ndindex(height, width):
        u, v = flow[y, x]
        row, column = int(y + v), int(x + u)
        if y + v < 0 or y + v >= int(0.7 * height):
            u, v, row, column = 0.0, 0.0, y, x
        elif x + u < 0 or x + u >= width:
            u, v, row, column = 0.0, 0.0, y, x
        sampled[row, column] += 1
        kept[y, x] = u != 0 or v != 0
        out[:, y, x] = values[:, row, column]
    out[:, ~kept | (sampled > 1)] = ignored
    return out


@pytest.mark.parametrize('name', whole_files('video/accel_uvda'))
def test_numbers_of_uvda(name):
    data = reference(name)
    size = data['pred'].shape[-2:]

    def up(logits):
        return F.interpolate(logits, size, mode='bilinear')

    moved = uvda_warp(up(data['logits_aux'])[0].numpy(), data['flow'][0])
    np.testing.assert_allclose(moved, data['propagated'][0], atol=1e-5)

    low = data['logits_main'].clone().requires_grad_()
    fusion = FrameFusion(4)
    fusion.weight.data = data['weight'].clone()
    found = fusion(up(low), torch.from_numpy(moved)[None])
    found.backward(data['grad_pred'])
    torch.testing.assert_close(found, data['pred'], rtol=1e-5, atol=1e-4)
    torch.testing.assert_close(low.grad, data['grad_main'], **TOLERANCE)
    torch.testing.assert_close(
        fusion.weight.grad, data['grad_weight'], rtol=1e-5, atol=1e-3
    )


def test_the_start_is_the_frame_alone_and_draws_nothing():
    state = torch.random.get_rng_state()
    fusion = FrameFusion(3)
    assert torch.equal(torch.random.get_rng_state(), state)
    logits, other = torch.randn(2, 2, 3, 4, 5)
    assert torch.equal(fusion(logits, other), logits)


def test_each_pixel_is_fused_by_the_matrix():
    fusion = FrameFusion(3)
    fusion.weight.data.normal_()
    logits, other = torch.randn(2, 2, 3, 4, 5)
    found = fusion(logits, other)
    matrix = fusion.weight[..., 0, 0]
    for n, y, x in np.ndindex(2, 4, 5):
        pixel = torch.cat([logits[n, :, y, x], other[n, :, y, x]])
        torch.testing.assert_close(found[n, :, y, x], matrix @ pixel)


@pytest.mark.parametrize('align_corners', [False, True])
def test_logits_follow_a_flow_of_the_images(align_corners):
    """A shift of 4 pixels is one cell of a map of a quarter of the size."""
    logits = torch.randn(1, 2, 6, 8)
    flow = torch.zeros(1, 2, 24, 32)
    flow[:, 0], flow[:, 1] = 4, -8
    valid = torch.ones(1, 24, 32, dtype=torch.bool)
    found = propagate(logits, flow, valid, align_corners)
    expected = torch.zeros_like(logits)
    expected[..., 2:, :-1] = logits[..., :-2, 1:]
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-5)


def test_what_does_not_count_is_nothing():
    logits = torch.ones(1, 2, 4, 4)
    flow = torch.zeros(1, 2, 8, 8)
    flow[..., -1] = 3  # beyond the border
    valid = torch.ones(1, 8, 8, dtype=torch.bool)
    valid[0, 3, 2] = False  # has a share in one cell
    found = propagate(logits, flow, valid)
    expected = torch.ones(4, 4)
    expected[1, 1] = expected[:, 3] = 0
    assert torch.equal(found, expected.expand(1, 2, 4, 4))
