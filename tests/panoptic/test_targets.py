"""Targets of instance branches, against EDAPS and a plain loop."""

import math

import numpy as np
import pytest
from helpers.reference import reference, whole_files

from mmseg_balance.panoptic.segments import segment_places, semantic_map
from mmseg_balance.panoptic.targets import center_targets, instance_targets

KEPT = ('panoptic/targets_train_a', 'panoptic/targets_train_nothing')
WHOLE = whole_files(*KEPT, 'panoptic/targets_val_a', 'panoptic/targets_sigma3')
# Cityscapes' ids in the order of the labels
CITYSCAPES = [7, 8, 11, 12, 13, 17, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28,
              31, 32, 33]  # fmt: skip
THINGS = range(11, 19)


def read(name):
    """A case, the places of its segments, and these."""
    ref = {
        k: v.numpy() if hasattr(v, 'numpy') else v
        for k, v in reference(name).items()
    }
    segments = []
    for number, category, crowd in zip(
        ref['seg_id'].tolist(),
        ref['seg_category'].tolist(),
        ref['seg_iscrowd'].tolist(),
        strict=True,
    ):
        is_label = ref['mode'] == 'train'
        label = category if is_label else CITYSCAPES.index(category)
        segments.append(listed(number, label, bool(crowd)))
    return ref, segment_places(ref['panoptic_id'], segments), segments


def listed(number, label, iscrowd=False):
    return dict(id=number, label=label, isthing=label > 10, iscrowd=iscrowd)


@pytest.mark.parametrize('name', [*KEPT, *WHOLE])
def test_top_down_as_the_public_code(name):
    ref, places, segments = read(name)
    np.testing.assert_array_equal(
        semantic_map(places, segments), ref['td_semantic']
    )
    found = instance_targets(places, segments, THINGS)
    assert found.bboxes.dtype == np.float32
    # boxes of nothing have the shape (0,) there
    np.testing.assert_array_equal(
        found.bboxes, ref['td_bboxes'].reshape(-1, 4)
    )
    np.testing.assert_array_equal(found.labels, ref['td_labels'])
    assert found.masks.dtype == bool
    np.testing.assert_array_equal(found.masks, ref['td_masks'])


@pytest.mark.parametrize('name', [*KEPT, *WHOLE])
def test_bottom_up_as_the_public_code(name):
    ref, places, segments = read(name)
    found = center_targets(places, segments, int(ref['sigma']))
    for ours, theirs in (
        ('heatmap', 'bu_center'),
        ('offset', 'bu_offset'),
        ('center_weight', 'bu_center_weights'),
        ('offset_weight', 'bu_offset_weights'),
    ):
        values = getattr(found, ours)
        assert values.dtype == np.float32, ours
        assert len(values) == (2 if ours == 'offset' else 1)
        np.testing.assert_array_equal(
            values, ref[theirs].reshape(values.shape)
        )


def by_hand(ids, segments, sigma):
    """Heatmap and offsets, pixel by pixel."""
    height, width = ids.shape
    heatmap, offset = np.zeros((height, width)), np.zeros((2, height, width))
    for segment in segments:
        pixels = np.argwhere(ids == segment['id']).tolist()
        if not (segment['isthing'] and pixels):
            continue
        cy = math.fsum(y for y, _ in pixels) / len(pixels)
        cx = math.fsum(x for _, x in pixels) / len(pixels)
        for y in range(height):
            for x in range(width):
                dy, dx = y - int(cy), x - int(cx)
                if max(abs(dy), abs(dx)) <= 3 * sigma + 1:
                    value = math.exp(-(dy**2 + dx**2) / (2 * sigma**2))
                    heatmap[y, x] = max(heatmap[y, x], value)
        for y, x in pixels:
            offset[:, y, x] = cy - y, cx - x
    return heatmap, offset


@pytest.mark.parametrize('sigma', [1, 2, 8])
def test_centers_as_a_plain_loop(sigma):
    rng = np.random.default_rng(sigma)
    ids = rng.integers(0, 4, (6, 5)).repeat(3, 0).repeat(4, 1)
    ids[5:9, 6:12] = 9
    segments = [
        listed(9, 11, True),
        listed(1, 3),
        listed(2, 12),
        listed(3, 18),
    ]
    found = center_targets(segment_places(ids, segments), segments, sigma)
    heatmap, offset = by_hand(ids, segments, sigma)
    np.testing.assert_allclose(found.heatmap[0], heatmap, atol=1e-6)
    np.testing.assert_allclose(found.offset, offset, atol=1e-5)
    np.testing.assert_array_equal(
        found.center_weight[0], np.isin(ids, (1, 2, 3))
    )
    np.testing.assert_array_equal(found.offset_weight[0], np.isin(ids, (2, 3)))


def test_what_is_no_instance():
    ids = np.zeros((8, 9), int)
    ids[0] = 5  # a row
    ids[2:, 0] = 6  # a column
    ids[4, 4] = 7  # a pixel
    ids[2:4, 2:4] = 8
    ids[6:, 6:] = 9
    segments = [
        listed(6, 12),
        listed(5, 11),
        listed(7, 11),
        listed(8, 17),
        listed(9, 13, True),
        listed(4, 18),  # outside of the crop
    ]
    places = segment_places(ids, segments)
    found = instance_targets(places, segments, THINGS)
    np.testing.assert_array_equal(found.bboxes, [[2, 2, 3, 3]])
    np.testing.assert_array_equal(found.labels, [17 - 11])
    np.testing.assert_array_equal(found.masks, [ids == 8])
    # they keep their class, and a centre
    assert (semantic_map(places, segments)[0] == 11).all()
    weight = center_targets(places, segments).offset_weight[0]
    np.testing.assert_array_equal(weight, np.isin(ids, (5, 6, 7, 8)))


@pytest.mark.parametrize('segments', [[], [listed(1, 3)]])
def test_nothing_and_stuff_alone(segments):
    ids = np.ones((4, 6), int)
    places = segment_places(ids, segments)
    found = instance_targets(places, segments, THINGS)
    assert found.bboxes.shape == (0, 4)
    assert found.labels.shape == (0,)
    assert found.masks.shape == (0, 4, 6)
    centers = center_targets(places, segments)
    assert not centers.heatmap.any()
    assert not centers.offset_weight.any()
    assert (centers.center_weight == len(segments)).all()
