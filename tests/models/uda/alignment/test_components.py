"""Connected components: SciPy's, and those that are found by propagation."""

import numpy as np
import pytest
import torch

from mmseg_balance.models.uda.alignment.components import (
    component_roots,
    propagated_roots,
)

SHAPE = 90, 160  # of the features of a GTA image at 1280 x 720


def flooded(classes, things):
    """Roots by a search from pixel to pixel, in the order of rows."""
    height, width = classes.shape
    roots = np.full(classes.shape, -1)
    for start in np.ndindex(height, width):
        if roots[start] >= 0 or classes[start] not in things:
            continue
        found = [start]
        while found:
            y, x = found.pop()
            inside = 0 <= y < height and 0 <= x < width
            if not inside or roots[y, x] >= 0:
                continue
            if classes[y, x] == classes[start]:
                roots[y, x] = start[0] * width + start[1]
                around = np.ndindex(3, 3)
                found += [(y + i - 1, x + j - 1) for i, j in around]
    return roots


def serpentine(height, width):
    """A way through all of an image, one row after the other."""
    way = np.zeros((height, width), int)
    way[::2] = 1
    way[1::4, -1] = way[3::4, 0] = 1
    return way


def spiral(height, width):
    """A way to the middle, with a pixel between its turns."""
    way = np.zeros((height, width), int)
    top, left, bottom, right = 0, 0, height - 1, width - 1
    while top <= bottom and left <= right:
        way[top, max(left - 2, 0) : right + 1] = 1
        way[top : bottom + 1, right] = 1
        way[bottom, left : right + 1] = 1
        way[top + 2 : bottom + 1, left] = 1
        top, left, bottom, right = top + 2, left + 2, bottom - 2, right - 2
    return way


def at_random(share):
    return (np.random.default_rng(0).random(SHAPE) < share).astype(int)


def four_classes():
    return np.random.default_rng(1).integers(0, 4, SHAPE)


MAPS = dict(
    serpentine=serpentine(*SHAPE),
    upright=serpentine(*SHAPE[::-1]).T,
    backwards=serpentine(*SHAPE)[::-1, ::-1],
    spiral=spiral(*SHAPE),
    outwards=spiral(*SHAPE)[::-1, ::-1],
    # where components are the most ragged
    threshold=at_random(0.41),
    dense=at_random(0.5),
    one=np.ones(SHAPE, int),
    none=np.zeros(SHAPE, int),
    classes=four_classes(),
)


@pytest.mark.parametrize('name', MAPS)
def test_propagation_finds_what_scipy_finds(name):
    classes = torch.from_numpy(MAPS[name].copy())[None]
    things = torch.tensor([1, 2, 3])
    expected = component_roots(classes, things)
    assert torch.equal(propagated_roots(classes, things), expected)


@pytest.mark.parametrize('find', [component_roots, propagated_roots])
def test_roots_are_those_of_a_search(find):
    generator = np.random.default_rng(2)
    for size in ((1, 1), (1, 9), (7, 1), (9, 13)):
        classes = generator.integers(-1, 3, (3, *size))
        found = find(torch.from_numpy(classes), torch.tensor([2, 0]))
        expected = np.stack([flooded(image, (0, 2)) for image in classes])
        np.testing.assert_array_equal(found.numpy(), expected)


def test_images_and_classes_are_apart():
    classes = torch.tensor([[[1, 2], [2, 1]], [[1, 1], [0, 1]]])
    roots = component_roots(classes, torch.tensor([1, 2]))
    # 8-connected: the diagonals are one object each
    expected = [[[0, 1], [1, 0]], [[0, 0], [-1, 0]]]
    assert roots.tolist() == expected


def test_other_devices_are_not_asked_for_values():
    classes = torch.zeros(1, 4, 4, dtype=torch.long, device='meta')
    things = torch.zeros(2, dtype=torch.long, device='meta')
    assert component_roots(classes, things).device.type == 'meta'
