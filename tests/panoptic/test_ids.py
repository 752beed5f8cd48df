"""Ids of segments as colours, and where segments are."""

import numpy as np
import pytest

from mmseg_balance.errors import UserValueError
from mmseg_balance.panoptic.ids import file_colours, file_ids
from mmseg_balance.panoptic.segments import segment_places, semantic_map

IDS = np.array([[0, 7, 24001], [255, 256, 65536], [33017, 2**24 - 1, 65535]])


def test_ids_are_colours():
    colours = file_colours(IDS)
    r, g, b = np.moveaxis(colours.astype(int), -1, 0)
    assert colours.dtype == np.uint8
    np.testing.assert_array_equal(r + 256 * g + 65536 * b, IDS)
    found = file_ids(colours)
    assert found.dtype == np.int32
    np.testing.assert_array_equal(found, IDS)
    # of an image that is read as B, G, R
    reverse = np.ascontiguousarray(colours[..., ::-1])[..., ::-1]
    np.testing.assert_array_equal(file_ids(reverse), IDS)


@pytest.mark.parametrize('wrong', [-1, 2**24])
def test_ids_that_three_bytes_do_not_hold_are_refused(wrong):
    with pytest.raises(UserValueError, match=f'{wrong}.*0 .. 16777215'):
        file_colours(np.array([[wrong, 0 if wrong > 0 else -1]]))


def segment(number, label, isthing=True, iscrowd=False):
    return dict(id=number, label=label, isthing=isthing, iscrowd=iscrowd)


def test_places_and_classes_of_segments():
    segments = [
        segment(24001, 11),
        segment(65536, 13, iscrowd=True),
        segment(99999, 12),  # has no pixel
        segment(7, 0, isthing=False),
        segment(2**24 - 1, 3, isthing=False),
    ]
    places = segment_places(IDS, segments)
    np.testing.assert_array_equal(places, [[0, 4, 1], [0, 0, 2], [0, 5, 0]])
    np.testing.assert_array_equal(
        semantic_map(places, segments),
        [[255, 0, 11], [255, 255, 255], [255, 3, 255]],
    )


def test_an_image_without_segments_is_void():
    places = segment_places(IDS, [])
    assert not places.any()
    assert (semantic_map(places, []) == 255).all()
