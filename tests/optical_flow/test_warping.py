"""Warps against loops, exact shifts, and what public code produced."""

import math

import numpy as np
import pytest
import torch
from helpers.reference import reference, whole_files

from mmseg_balance.optical_flow import (
    backward_warp,
    inside,
    resize_flow,
    warp_labels,
)
from mmseg_balance.optical_flow.geometry import (
    negate_flipped,
    resize_flow_array,
)


def random_flow(size=(7, 9), scale=3.0, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return scale * torch.randn(
        2, 2, *size, generator=generator, dtype=torch.float64
    )


def interpolated(values, column, row):
    """One bilinear value, clamped to the border, by a loop."""
    height, width = values.shape
    column = min(max(column, 0.0), width - 1.0)
    row = min(max(row, 0.0), height - 1.0)
    left, top = math.floor(column), math.floor(row)
    total = 0.0
    for y, x in ((top, left), (top, left + 1), (top + 1, left),
                 (top + 1, left + 1)):  # fmt: skip
        share = max(0.0, 1 - abs(column - x)) * max(0.0, 1 - abs(row - y))
        if share:
            total += share * float(values[y, x])
    return total


def test_every_pixel_is_read_bilinearly_where_its_flow_points():
    flow = random_flow()
    values = torch.rand(2, 3, 7, 9, dtype=torch.float64)
    warped = backward_warp(values, flow)
    for n, c, y, x in np.ndindex(*values.shape):
        u, v = flow[n, :, y, x].tolist()
        expected = interpolated(values[n, c], x + u, y + v)
        assert warped[n, c, y, x].item() == pytest.approx(expected, abs=1e-9)


def test_a_shift_moves_images_and_labels_by_whole_pixels():
    flow = torch.zeros(1, 2, 6, 8)
    flow[:, 0], flow[:, 1] = 3, -2
    values = torch.rand(1, 4, 6, 8)
    labels = torch.randint(0, 5, (1, 6, 8))
    moved = backward_warp(values, flow)
    # p of frame t was at p + (3, -2)
    torch.testing.assert_close(moved[..., 2:, :5], values[..., :4, 3:])
    there = inside(flow)
    assert there[0, 2:, :5].all() and int(there.sum()) == 4 * 5
    found = warp_labels(labels, flow)
    assert (found[0, 2:, :5] == labels[0, :4, 3:]).all()
    assert (found[~there] == 255).all()
    valid = torch.rand(1, 6, 8) > 0.5
    found = warp_labels(labels, flow, valid, ignore_index=9)
    assert (found[~(there & valid)] == 9).all()
    assert (found[there & valid] != 9).all()


@pytest.mark.parametrize('kind', [torch.uint8, torch.int64])
def test_no_motion_changes_nothing(kind):
    flow = torch.zeros(2, 2, 33, 47)
    values = torch.randn(2, 3, 33, 47)
    warped = backward_warp(values, flow)
    torch.testing.assert_close(warped, values, atol=2e-5, rtol=0)
    labels = torch.randint(0, 255, (2, 33, 47)).to(kind)
    moved = warp_labels(labels, flow)
    assert moved.dtype == kind and torch.equal(moved, labels)
    assert inside(flow).all()


def test_half_precision_reads_at_full_coordinates():
    """Columns beyond 2048 are none of float16."""
    width = 3000
    flow = torch.full((1, 2, 1, width), 0.0)
    flow[:, 0] = 1
    values = torch.arange(width).remainder(7).half()[None, None, None]
    warped = backward_warp(values, flow)
    assert warped.dtype == torch.float16
    difference = warped[..., :-1] - values[..., 1:]
    assert difference.abs().max() < 5e-3
    labels = torch.arange(width).remainder(7)[None, None]
    moved = warp_labels(labels, flow.half())
    assert torch.equal(moved[..., :-1], labels[..., 1:])


def test_mirrored_frames_have_the_mirrored_flow():
    flow, values = random_flow(), torch.rand(2, 3, 7, 9, dtype=torch.float64)
    expected = backward_warp(values, flow).flip(-1)
    arrays = [f.permute(1, 2, 0).numpy()[:, ::-1] for f in flow]
    turned = [negate_flipped(a, 'horizontal').transpose(2, 0, 1)
              for a in arrays]  # fmt: skip
    mirrored = torch.from_numpy(np.stack(turned))
    found = backward_warp(values.flip(-1), mirrored)
    torch.testing.assert_close(found, expected)


def test_flip_directions():
    flow = np.ones((2, 3, 2), np.float32)
    for direction, signs in (
        ('horizontal', (-1, 1)),
        ('vertical', (1, -1)),
        ('diagonal', (-1, -1)),
    ):
        turned = negate_flipped(flow, direction)
        assert turned[0, 0].tolist() == list(signs)
        assert turned.dtype == np.float32


def test_resized_frames_have_the_scaled_flow():
    """A ramp moved by a flow is linear, so sizes can be exchanged."""
    flow = torch.zeros(1, 2, 8, 12)
    flow[:, 0], flow[:, 1] = 3, -1.5
    resized = resize_flow(flow, (16, 18))
    assert resized.shape == (1, 2, 16, 18)
    torch.testing.assert_close(resized[0, 0], torch.full((16, 18), 4.5))
    torch.testing.assert_close(resized[0, 1], torch.full((16, 18), -3.0))
    array, valid = resize_flow_array(
        flow[0].permute(1, 2, 0).numpy(), np.ones((8, 12), bool), (16, 18)
    )
    np.testing.assert_allclose(array, resized[0].permute(1, 2, 0), rtol=1e-6)
    assert valid.all() and array.dtype == np.float32


def test_resized_flow_does_not_count_beside_what_does_not():
    valid = np.ones((8, 8), bool)
    valid[:, 4:] = False
    flow = np.float32(2 * np.repeat(valid[..., None], 2, -1))
    resized, counts = resize_flow_array(flow, valid, (16, 16))
    assert counts.any() and not counts.all()
    # where it counts nothing of the zeros is mixed in
    np.testing.assert_allclose(resized[counts], 4.0)


def test_other_sizes_are_refused():
    with pytest.raises(ValueError, match=r'resize_flow brings it'):
        backward_warp(torch.zeros(1, 3, 4, 4), torch.zeros(1, 2, 8, 8))
    with pytest.raises(ValueError, match=r'\(1, 4, 4\), but got \(2, 2'):
        warp_labels(torch.zeros(1, 4, 4).long(), torch.zeros(2, 2, 4, 4))


def test_gradients_reach_what_is_moved():
    values = torch.rand(2, 1, 7, 9, dtype=torch.float64, requires_grad=True)
    flow = random_flow().requires_grad_()
    assert torch.autograd.gradcheck(backward_warp, (values, flow))


@pytest.mark.parametrize(
    'name',
    [
        'video/tps_label_flip',
        *whole_files('video/tps_label', 'video/tps_label_flip'),
    ],
)
def test_tps_moves_probabilities_alike(name):
    data = reference(name)
    small = resize_flow(data['flow'], (12, 14), align_corners=True)
    torch.testing.assert_close(small, data['flow_small'], atol=1e-8, rtol=0)
    probs = data['logits_prev'].softmax(1)
    warped = backward_warp(probs, small)
    torch.testing.assert_close(warped, data['prob_warped'], atol=1e-8, rtol=0)
    if data['flip']:
        # the right order, which the public code does not have
        warped = backward_warp(probs.flip(-1), small)
    assert torch.equal(warped.argmax(1), data['label_unflip_first'])
