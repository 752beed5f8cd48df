"""Images, flow and labels at another size."""

import numpy as np
import pytest
import torch

from mmseg_balance.models.frames import FramePair, frame_pair
from mmseg_balance.models.frames.pairs import stack_frames
from mmseg_balance.models.uda.temporal.rescaling import (
    draw_size,
    rescaled_images,
    rescaled_labels,
)
from mmseg_balance.optical_flow import warp_labels


def test_sizes_are_multiples_within_the_range():
    torch.manual_seed(0)
    sizes = {draw_size((512, 1024), (0.8, 1.2), 8) for _ in range(500)}
    assert len(sizes) > 20
    for height, width in sizes:
        assert height % 8 == width % 8 == 0
        assert 408 <= height <= 616 and 816 <= width <= 1232
        assert abs(width - 2 * height) <= 12
    assert draw_size((4, 4), (0.5, 0.5), 8) == (8, 8)


def test_the_same_size_changes_nothing():
    images = torch.randn(1, 9, 8, 8)
    labels = torch.randint(0, 4, (1, 8, 8))
    assert rescaled_images(images, (8, 8)) is images
    assert rescaled_labels(labels, (8, 8)) is labels


@pytest.mark.parametrize('size', [(24, 40), (12, 20), (36, 48)])
def test_labels_are_those_of_the_nearest_pixel(size):
    labels = torch.randint(0, 256, (2, 24, 40))
    found = rescaled_labels(labels, size)
    for y, x in np.ndindex(*size):
        row, column = y * 24 // size[0], x * 40 // size[1]
        assert torch.equal(found[:, y, x], labels[:, row, column])


def test_flow_is_in_pixels_of_the_new_size():
    size = (16, 24)
    flow = torch.zeros(1, 2, *size)
    flow[:, 0], flow[:, 1] = 3, -2
    valid = torch.ones(1, *size, dtype=torch.bool)
    valid[:, :, :4] = False
    images = torch.rand(1, 3, *size)
    pair = FramePair(torch.rand(1, 3, *size), flow, valid)
    found = rescaled_images(stack_frames(images, pair), (32, 48))
    twice = frame_pair(found)
    assert twice.flow[:, 0].eq(6).all() and twice.flow[:, 1].eq(-4).all()
    assert not twice.valid[..., :8].any() and twice.valid[..., 10:].all()
    # labels that are moved and resized, or resized and moved
    labels = torch.randint(0, 4, (1, *size))
    moved = rescaled_labels(warp_labels(labels, flow), (32, 48))
    other = warp_labels(rescaled_labels(labels, (32, 48)), twice.flow)
    assert torch.equal(moved, other)
