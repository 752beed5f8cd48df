"""Regions that one prediction alone has right, against a flood fill."""

import numpy as np
import pytest

from mmseg_balance.evaluation.improved_regions import (
    Region,
    improved_pixels,
    improved_regions,
)


def flood(mask):
    """Sets of touching pixels, one pixel after the other."""
    left = set(zip(*map(list, mask.nonzero()), strict=True))
    groups = []
    while left:
        todo, group = [left.pop()], set()
        while todo:
            row, column = todo.pop()
            group.add((row, column))
            near = {
                (row + i, column + k) for i in (-1, 0, 1) for k in (-1, 0, 1)
            } & left
            left -= near
            todo += near
        groups.append(group)
    return groups


@pytest.mark.parametrize('seed', range(3))
def test_regions_are_those_of_a_flood_fill(seed):
    rng = np.random.default_rng(seed)
    label, before, after = rng.integers(0, 3, (3, 20, 30)).astype(np.uint8)
    label[rng.random((20, 30)) < 0.1] = 255
    mask = np.zeros((20, 30), bool)
    for row, column in np.ndindex(20, 30):
        c = label[row, column]
        mask[row, column] = (
            c != 255 and after[row, column] == c != before[row, column]
        )
    np.testing.assert_array_equal(improved_pixels(label, before, after), mask)
    expected = set()
    for group in flood(mask):
        rows, columns = zip(*group, strict=True)
        classes = [label[p] for p in group]
        expected.add((
            min(rows), min(columns), max(rows) - min(rows) + 1,
            max(columns) - min(columns) + 1, len(group),
            max(range(3), key=classes.count),
        ))  # fmt: skip
    found = improved_regions(label, before, after)
    assert {tuple(vars(r).values()) for r in found} == expected
    sizes = [r.pixels for r in found]
    assert sizes == sorted(sizes, reverse=True)
    large = improved_regions(label, before, after, min_pixels=4)
    assert large == [r for r in found if r.pixels >= 4]


def test_a_region_and_nothing():
    label = np.full((4, 6), 1)
    before = np.zeros((4, 6), int)
    after = before.copy()
    after[1:3, 2:5] = 1
    assert improved_regions(label, before, after) == [Region(1, 2, 2, 3, 6, 1)]
    assert improved_regions(label, after, after) == []
