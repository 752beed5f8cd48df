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


@pytest.mark.parametrize('size', [(24, 40), (12, 20), (36, 48), (28, 44)])
def test_labels_are_those_of_the_pixel_below_their_centre(size):
    rows, columns = torch.arange(24), torch.arange(40)
    labels = torch.stack(
        [rows[:, None].expand(24, 40), columns.expand(24, 40)]
    )
    found = rescaled_labels(labels, size)
    for y, x in np.ndindex(*size):
        for place, old, new, label in (
            (y, 24, size[0], found[0, y, x]),
            (x, 40, size[1], found[1, y, x]),
        ):
            centre = (place + 0.5) * old / new - 0.5  # as of the image
            assert abs(centre - label) <= 0.5 + 1e-5


def test_labels_stay_on_the_image():
    """A step of brightness, and its labels, are resized to one place."""
    for column in range(2, 39):
        images = torch.zeros(1, 3, 8, 40)
        images[..., column:] = 1
        for width in (32, 36, 44, 48):
            image = rescaled_images(images, (8, width))
            labels = rescaled_labels(images[:, 0].long(), (8, width))
            assert (image[:, 0] - labels).abs().max() <= 0.501


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
