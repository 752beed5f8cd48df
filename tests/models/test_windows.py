"""Crops and sliding windows against those of the public code."""

import pytest
import torch
from helpers.reference import reference

from mmseg_balance.models.windows import Box, random_box, sliding_boxes


@pytest.fixture(scope='module')
def arrays():
    return reference('hrda')


def test_sliding_windows_agree_with_the_public_code(arrays):
    rows = arrays['slide_rows']
    settings = {tuple(row[:5]) for row in rows.tolist()}
    assert len(settings) > 3
    for height, width, h, w, overlapping in settings:
        expected = [
            tuple(row[6:])
            for row in rows.tolist()
            if tuple(row[:5]) == (height, width, h, w, overlapping)
        ]
        stride = (h // 2, w // 2) if overlapping else (h, w)
        assert sliding_boxes((height, width), (h, w), stride) == expected


def test_divided_boxes_agree_with_the_public_code(arrays):
    for stride in (2, 4, 8):
        for box, expected in zip(
            arrays['scale_box_in'], arrays[f'scale_box_by{stride}']
        ):
            box = Box(*box.tolist())
            if any(side % stride for side in box):  # cut there, refused here
                with pytest.raises(ValueError, match=f'of {stride} pixels'):
                    box.in_cells((528, 528), (528 // stride, 528 // stride))
                continue
            cells = box.in_cells((528, 1056), (528 // stride, 1056 // stride))
            assert cells == tuple(expected)


def drawn(rows, monkeypatch):
    """Boxes where the generator draws what the public code drew."""
    boxes, bounds, draws = [], [], []

    def randint(bound, shape):
        bounds.append(bound)
        return torch.tensor(draws.pop(0))

    monkeypatch.setattr(torch, 'randint', randint)
    for row in rows:
        draws[:] = [row[8], row[10]]
        boxes.append(random_box(row[:2], row[2:4], row[4]))
    return boxes, bounds


def test_random_crops_follow_the_same_draws(arrays, monkeypatch):
    rows = [r for r in arrays['crop_rows'].tolist() if r[11] != -9]
    moved = [r for r in rows if r[7] > 0 and r[9] > 0]
    assert len(moved) > 20
    boxes, bounds = drawn(moved, monkeypatch)
    assert boxes == [tuple(row[11:]) for row in moved]
    for row, ours in zip(moved, zip(bounds[::2], bounds[1::2])):
        margins = row[0] - row[2], row[1] - row[3]
        for margin, theirs, own in zip(margins, (row[7], row[9]), ours):
            # all aligned offsets; the public code leaves the last one out
            assert own == len(range(0, margin + 1, row[4])) >= theirs


def test_every_aligned_offset_is_drawn_and_no_other():
    boxes = {random_box((48, 40), (16, 32), 8) for _ in range(400)}
    assert {box.top for box in boxes} == {0, 8, 16, 24, 32}
    assert {box.left for box in boxes} == {0, 8}
    assert {box.shape for box in boxes} == {(16, 32)}


def test_a_margin_below_the_divisor_gives_the_first_offset():
    assert random_box((20, 16), (16, 16), 8) == (0, 16, 0, 16)


def test_a_small_image_is_one_window():
    assert random_box((10, 40), (16, 32), 8).shape == (10, 32)
    assert sliding_boxes((10, 12), (16, 16), (8, 8)) == [(0, 10, 0, 12)]


def test_cells_may_be_fractions_of_a_pixel_grid():
    # cells of 16 / 3 pixels: 16 pixels are 3 of them, 8 pixels are none
    assert Box(0, 32, 16, 32).in_cells((32, 64), (6, 12)) == (0, 6, 3, 6)
    with pytest.raises(ValueError, match='of 16/3 pixels'):
        Box(0, 32, 8, 32).in_cells((32, 64), (6, 12))


@pytest.mark.parametrize('stride', [(17, 16), (16, 0)])
def test_windows_with_gaps_are_refused(stride):
    with pytest.raises(ValueError, match='stride'):
        sliding_boxes((64, 64), (16, 16), stride)


@pytest.mark.parametrize('image', [(16, 16), (17, 31), (40, 16), (33, 65)])
@pytest.mark.parametrize('stride', [(8, 8), (16, 16), (5, 7)])
def test_windows_cover_the_image(image, stride):
    seen = torch.zeros(image)
    for box in sliding_boxes(image, (16, 16), stride):
        assert box.shape == (16, 16)
        box.of(seen).add_(1)
    assert (seen >= 1).all()
