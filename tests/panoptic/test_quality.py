import numpy as np
import pytest
from helpers.reference import reference, whole_files

from mmseg_balance.panoptic.ids import VOID_ID
from mmseg_balance.panoptic.overlaps import segment_overlaps
from mmseg_balance.panoptic.quality import (
    PanopticCounts,
    count_matches,
    panoptic_quality,
)

KEPT = ('panoptic/pq_a', 'panoptic/pq_one_image')
FILES = (*KEPT, *whole_files('panoptic/pq_roads_only'))


def count(predicted, labelled, segments, num_classes=3, void_as_road=False):
    """Counts of an image, from lists."""
    overlaps = segment_overlaps(
        np.array(predicted), np.array(labelled), segments
    )
    if void_as_road:
        overlaps = overlaps.with_void_as(0)
    return count_matches(overlaps, num_classes)


def segment(number, label, iscrowd=0):
    return dict(id=number, label=label, iscrowd=iscrowd)


def numbers(counts):
    return [x.tolist() for x in (counts.tp, counts.fp, counts.fn)]


@pytest.mark.parametrize('void_as_road', [True, False])
@pytest.mark.parametrize('name', FILES)
def test_counts_are_those_of_the_public_evaluation(name, void_as_road):
    data = {k: np.asarray(v) for k, v in reference(name).items()}
    label = dict(
        zip(data['category_id'], data['category_train_id'], strict=True)
    )
    total = PanopticCounts.none(19)
    for k in range(data['n_images']):
        rows = data['gt_segments'][data['gt_segments'][:, 0] == k]
        total += count(
            data[f'pred_raw_{k}'],
            data[f'gt_id_{k}'],
            [segment(i, label[c], crowd) for _, i, c, crowd, _ in rows],
            19,
            void_as_road,
        )
    ending = '' if void_as_road else 'derived_separate_void_'
    for key in ('tp', 'fp', 'fn'):
        assert np.array_equal(getattr(total, key), data[f'{ending}{key}'])
    ending = 'f64_' if void_as_road else 'derived_f64_separate_void_'
    expected = data[f'{ending}iou_sum']
    np.testing.assert_allclose(total.iou_sum, expected, rtol=0, atol=1e-12)
    if not void_as_road:
        return
    quality = panoptic_quality(total)
    things = data['category_isthing'] == 1
    for i, key in enumerate(('PQ', 'SQ', 'RQ')):
        found = np.nan_to_num(quality[key])
        np.testing.assert_allclose(found, data[f'f64_{key.lower()}'])
        for group, member in (
            ('all', np.full(19, True)),
            ('things', things),
            ('stuff', ~things),
        ):
            values = quality[key][member]
            mean, num = data[f'f64_{group}'][[i, 3]]
            np.testing.assert_allclose(np.nanmean(values), mean)
            assert np.count_nonzero(~np.isnan(values)) == num


def slow_counts(predicted, labelled, segments, num_classes):
    """The same by comparing each pair of segments, pixel by pixel."""
    tp, fp, fn = ([0] * num_classes for _ in range(3))
    iou_sum = [0.0] * num_classes
    found, taken = set(), set()
    ids = [i for i in np.unique(predicted) if i != VOID_ID]
    for s in segments:
        mine = labelled == s['id']
        for i in ids:
            theirs = (predicted == i) & (labelled != 0)
            both = (mine & theirs).sum()
            iou = both / max((mine | theirs).sum(), 1)
            if i // 1000 == s['label'] and not s['iscrowd'] and iou > 0.5:
                found.add(s['id'])
                taken.add(i)
                tp[s['label']] += 1
                iou_sum[s['label']] += iou
    for s in segments:
        if s['id'] not in found and not s['iscrowd']:
            fn[s['label']] += 1
    for i in ids:
        if i in taken:
            continue
        crowds = [
            s['id']
            for s in segments
            if s['iscrowd'] and s['label'] == i // 1000
        ]
        free = np.isin(labelled, [0, *crowds[-1:]])[predicted == i]
        if free.mean() <= 0.5:
            fp[i // 1000] += 1
    return tp, fp, fn, iou_sum


@pytest.mark.parametrize('seed', range(8))
def test_counts_are_those_of_a_loop_over_pairs(seed):
    rng = np.random.default_rng(seed)
    segments = [
        segment(int(i), int(rng.integers(4)), int(rng.random() < 0.25))
        for i in rng.choice(2**24 - 1, 9, replace=False) + 1
    ]
    labelled = np.zeros((24, 30), int)
    predicted = np.full((24, 30), VOID_ID)
    for s in segments:
        y, x = rng.integers(20, size=2)
        box = np.s_[y : y + rng.integers(4, 12), x : x + rng.integers(4, 12)]
        labelled[box] = s['id']
        if rng.random() < 0.8:
            shift = rng.integers(-1, 2, 2)
            moved = np.roll(labelled == s['id'], shift, (0, 1))
            label = s['label'] if rng.random() < 0.8 else rng.integers(4)
            predicted[moved] = label * 1000 + rng.integers(3)
    tp, fp, fn, iou_sum = slow_counts(predicted, labelled, segments, 4)
    counts = count(predicted, labelled, segments, 4)
    assert numbers(counts) == [tp, fp, fn]
    np.testing.assert_allclose(counts.iou_sum, iou_sum)
    assert sum(tp) + sum(fp) + sum(fn) > 3


def test_half_is_not_enough():
    # 2 of 4 pixels: IoU 0.5
    counts = count(
        [[1001, 1001, VOID_ID, VOID_ID]], [[5] * 4], [segment(5, 1)]
    )
    assert numbers(counts) == [[0, 0, 0], [0, 1, 0], [0, 1, 0]]
    # 3 of 5
    counts = count([[1001] * 3 + [VOID_ID] * 2], [[5] * 5], [segment(5, 1)])
    assert numbers(counts) == [[0, 1, 0], [0, 0, 0], [0, 0, 0]]
    assert counts.iou_sum.tolist() == [0, 0.6, 0]


@pytest.mark.parametrize(
    ('labelled', 'segments', 'expected'),
    [
        # no label at all: nothing is right or wrong
        ([[0, 0, 0, 0]], [], [[0] * 3] * 3),
        # a crowd of the class: no object of its own
        ([[7] * 4], [segment(7, 1, 1)], [[0] * 3] * 3),
        # of another class: a mistake
        ([[7] * 4], [segment(7, 2, 1)], [[0] * 3, [0, 1, 0], [0] * 3]),
        # half on void: a mistake; more: none
        (
            [[7, 7, 0, 0]],
            [segment(7, 2)],
            [[0] * 3, [0, 1, 0], [0, 0, 1]],
        ),
        ([[7, 0, 0, 0]], [segment(7, 2)], [[0] * 3, [0] * 3, [0, 0, 1]]),
        # listed, without a pixel: missed
        ([[0] * 4], [segment(7, 1)], [[0] * 3, [0] * 3, [0, 1, 0]]),
    ],
)
def test_void_and_crowd(labelled, segments, expected):
    assert numbers(count([[1001] * 4], labelled, segments)) == expected


@pytest.mark.parametrize('road', [[0, 0], [VOID_ID, VOID_ID]])
def test_predicted_void_is_road_where_it_is_asked_for(road):
    predicted, labelled = [[*road, VOID_ID, 2000]], [[3, 3, 3, 9]]
    segments = [segment(3, 0), segment(9, 2)]
    counts = count(predicted, labelled, segments, void_as_road=True)
    assert numbers(counts) == [[1, 0, 1], [0] * 3, [0] * 3]
    assert counts.iou_sum.tolist() == [1, 0, 1]
    apart = count(predicted, labelled, segments)
    assert apart.iou_sum[0] == pytest.approx(0 if VOID_ID in road else 2 / 3)


def test_quality_of_classes_of_which_there_is_nothing():
    counts = PanopticCounts(
        np.array([0, 0, 2]),
        np.array([0, 1, 0]),
        np.array([0, 0, 2]),
        np.array([0, 0, 1.5]),
    )
    quality = {k: v.tolist() for k, v in panoptic_quality(counts).items()}
    assert np.isnan([v.pop(0) for v in quality.values()]).all()
    assert quality == {'PQ': [0, 0.5], 'SQ': [0, 0.75], 'RQ': [0, 2 / 3]}


@pytest.mark.parametrize(
    ('predicted', 'labelled', 'segments', 'message'),
    [
        ([[0]], [[0, 0]], [], 'of one size'),
        ([[0]], [[4]], [segment(5, 1)], r'segments \[4\] that segments_info'),
        ([[0]], [[-1]], [segment(5, 1)], 'id -1, expected 0 or more'),
        ([[0]], [[5]], [segment(5, 1)] * 2, 'an id of its own'),
        ([[0]], [[0]], [segment(0, 1)], 'above 0'),
        ([[256000]], [[0]], [], 'from 256000 to 256000'),
        ([[-1]], [[0]], [], 'from -1 to -1'),
        ([[3000]], [[0]], [], 'predicted segment is of the class 3'),
        ([[0]], [[5]], [segment(5, 19)], 'labelled segment is of the class'),
    ],
)
def test_what_does_not_fit_is_named(predicted, labelled, segments, message):
    with pytest.raises(ValueError, match=message):
        count(predicted, labelled, segments)
