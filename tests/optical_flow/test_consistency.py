"""The forward-backward check, against a scene whose occlusion is known."""

import numpy as np
import pytest
import torch

from mmseg_balance.optical_flow import (
    dis_flow,
    forward_backward_valid,
    warp_labels,
)

SIZE = (48, 64)


def scene():
    """A square that moves by (6, 0) before a ground that stands.

    Returns:
        Labels of the earlier and the later frame, flow to the earlier one and
        back, and what of the later frame was hidden.
    """
    earlier, later = (torch.zeros(1, *SIZE).long() for _ in range(2))
    earlier[:, 16:32, 20:36] = 1
    later[:, 16:32, 26:42] = 1
    flow, reverse = (torch.zeros(1, 2, *SIZE) for _ in range(2))
    flow[:, 0][later == 1] = -6
    reverse[:, 0][earlier == 1] = 6
    hidden = torch.zeros(1, *SIZE, dtype=torch.bool)
    hidden[:, 16:32, 20:26] = True
    return earlier, later, flow, reverse, hidden


def test_what_was_hidden_is_found_and_the_rest_keeps_its_label():
    earlier, later, flow, reverse, hidden = scene()
    valid = forward_backward_valid(flow, reverse)
    assert torch.equal(valid, ~hidden)
    moved = warp_labels(earlier, flow, valid)
    assert (moved[valid] == later[valid]).all()
    assert (moved[hidden] == 255).all()
    # without the check the ground that was hidden is called a square
    assert (warp_labels(earlier, flow)[hidden] == 1).all()


@pytest.mark.parametrize('error, agrees', [(0.6, True), (0.9, False)])
def test_the_tolerance(error, agrees):
    """|f + b|^2 < 0.01 (|f|^2 + |b|^2) + 0.5 with f = 2."""
    flow = torch.zeros(1, 2, 5, 9)
    flow[:, 0] = 2
    reverse = -flow
    reverse[:, 0] += error
    limit = 0.01 * (4 + (2 - error) ** 2) + 0.5
    assert (error**2 < limit) is agrees
    valid = forward_backward_valid(flow, reverse)
    assert valid[..., :7].all() == agrees
    assert not valid[..., 7:].any()  # beyond the border


def textured(seed=0):
    noise = np.random.default_rng(seed).random((24, 32))
    big = np.kron(noise, np.ones((4, 4)))
    return (255 * big).astype(np.uint8)


def test_dis_finds_a_shift_and_gives_the_same_again():
    whole = textured()
    earlier, later = whole[8:72, 8:104], whole[6:70, 11:107]
    flow = dis_flow(later, earlier)
    assert flow.shape == (64, 96, 2) and flow.dtype == np.float32
    # a pixel of the later frame is 3 to the right and 2 up of the earlier
    inner = flow[8:-8, 8:-8].reshape(-1, 2)
    np.testing.assert_allclose(np.median(inner, 0), (3, -2), atol=0.1)
    np.testing.assert_array_equal(flow, dis_flow(later, earlier))


def test_dis_says_what_it_cannot_take():
    frame = textured()
    with pytest.raises(ValueError, match='128 x 96 and 96 x 96 pixels'):
        dis_flow(frame, frame[:, :96])
    with pytest.raises(ValueError, match='DIS needs 16 x 16'):
        dis_flow(frame[:8], frame[:8])
    with pytest.raises(ValueError, match='are float32 and uint8, and DIS'):
        dis_flow(frame, frame.astype(np.float32))
    with pytest.raises(ValueError, match="ultrafast.*found 'slow'"):
        dis_flow(frame, frame, 'slow')
