"""Segments of detected masks, against the public code and a plain loop."""

from collections import Counter

import pytest
import torch
from helpers.reference import reference, whole_files

from mmseg_balance.errors import UserValueError
from mmseg_balance.panoptic.fusion import fuse_detections
from mmseg_balance.panoptic.ids import VOID_ID

IS_THING = torch.arange(19) >= 11
KEPT = 'panoptic/post_td_a'
WHOLE = whole_files(KEPT, 'panoptic/post_td_stuff2048')


@pytest.mark.parametrize('name', [KEPT, *WHOLE])
def test_as_the_public_code(name):
    ref = reference(name)
    found = fuse_detections(
        ref['semantic'],
        ref['det_boxes'][:, 4],
        ref['det_labels'],
        ref['det_masks'].bool(),
        IS_THING,
        score_threshold=0.95,
        stuff_area=int(ref['stuff_area']),
        hide_stuff=True,
        lowest_score_wins=True,
    )
    assert found.dtype == torch.int32
    assert torch.equal(found.long(), ref['panoptic_raw'])


def drawn(seed, count=12, size=(20, 24)):
    """A semantic map of 19 classes and void, and detections of rectangles."""
    generator = torch.Generator().manual_seed(seed)

    def draw(high, *shape):
        return torch.randint(high, shape, generator=generator)

    blocks = draw(20, 5, 6)
    semantic = blocks.repeat_interleave(4, 0).repeat_interleave(4, 1)
    semantic[semantic == 19] = 255
    masks = torch.zeros(count, *size, dtype=torch.bool)
    for mask in masks:
        top, left = draw(16, 1), draw(18, 1)
        mask[top : top + draw(12, 1), left : left + 8] = True
    scores = 0.9 + 0.01 * draw(10, count).float()
    return semantic, scores, draw(8, count), masks


def by_hand(
    semantic, scores, labels, masks, stuff_area, hide_stuff, lowest_score_wins
):
    """The rule of the notes, or ours of overlaps, pixel by pixel."""
    kept = [i for i, s in enumerate(scores.tolist()) if s >= 0.95]
    if lowest_score_wins:
        kept.sort(key=lambda i: (int(labels[i]), -float(scores[i])))
    else:
        kept.sort(key=lambda i: -float(scores[i]))
    height, width = semantic.shape
    owner = {}
    for i in kept:
        for y, x in masks[i].nonzero().tolist():
            if lowest_score_wins or (y, x) not in owner:
                owner[y, x] = i
    ids, numbers = {}, Counter()
    for i in kept:
        classes = Counter(
            int(semantic[pixel])
            for pixel, mine in owner.items()
            if mine == i and 11 <= semantic[pixel] < 19
        )
        if classes:
            label = min(classes, key=lambda c: (-classes[c], c))
            numbers[label] += 1
            ids[i] = label * 1000 + numbers[label]
    result = torch.full((height, width), VOID_ID)
    areas = Counter()
    for y in range(height):
        for x in range(width):
            label = int(semantic[y, x])
            if 11 <= label < 19 and (y, x) in owner:
                result[y, x] = ids[owner[y, x]]
            elif label < 11 and not (hide_stuff and (y, x) in owner):
                result[y, x] = label * 1000
                areas[label] += 1
    for label, area in areas.items():
        if area < stuff_area:
            result[result == label * 1000] = VOID_ID
    return result


@pytest.mark.parametrize('hide_stuff', [False, True])
@pytest.mark.parametrize('lowest_score_wins', [False, True])
@pytest.mark.parametrize('seed', range(4))
def test_as_a_loop_over_pixels(seed, lowest_score_wins, hide_stuff):
    given = drawn(seed)
    settings = 20, hide_stuff, lowest_score_wins
    found = fuse_detections(*given, IS_THING, 0.95, *settings)
    assert torch.equal(found.long(), by_hand(*given, *settings))


def test_the_lowest_score_wins_an_overlap_in_the_public_rule_alone():
    given = (
        torch.full((1, 5), 13),
        torch.tensor([0.97, 0.99, 0.98]),
        torch.tensor([2, 2, 1]),
        torch.tensor(
            [[[1, 1, 1, 0, 0]], [[0, 1, 1, 1, 0]], [[0, 0, 1, 1, 1]]]
        ),
        IS_THING,
    )
    assert fuse_detections(*given).tolist() == [
        [13003, 13001, 13001, 13001, 13002]
    ]
    # in the order of classes and scores: the third, the second, the first
    assert fuse_detections(*given, lowest_score_wins=True).tolist() == [
        [13003, 13003, 13003, 13002, 13001]
    ]


def test_stuff_under_a_mask_is_void_in_the_public_rule_alone():
    semantic = torch.tensor([[0, 0, 13, 13]])
    given = (
        semantic,
        torch.tensor([0.99]),
        torch.tensor([2]),
        torch.tensor([[[False, True, True, True]]]),
        IS_THING,
    )
    found = fuse_detections(*given, stuff_area=1)
    assert found.tolist() == [[0, 0, 13001, 13001]]
    found = fuse_detections(*given, stuff_area=1, hide_stuff=True)
    assert found.tolist() == [[0, VOID_ID, 13001, 13001]]


def test_a_float32_score_of_the_threshold_does_not_reach_it():
    given = torch.tensor([[13]]), torch.tensor([2]), torch.ones(1, 1, 1)
    semantic, labels, masks = given
    for score, expected in ((0.95, VOID_ID), (0.9500001, 13001)):
        scores = torch.tensor([score])
        found = fuse_detections(semantic, scores, labels, masks, IS_THING)
        assert found.item() == expected


@pytest.mark.parametrize(
    ('label', 'expected'), [(2, 2000), (13, VOID_ID), (255, VOID_ID)]
)
def test_images_without_a_detection(label, expected):
    semantic = torch.full((50, 50), label, dtype=torch.uint8)
    found = fuse_detections(
        semantic,
        torch.zeros(0),
        torch.zeros(0, dtype=torch.long),
        torch.zeros(0, 50, 50, dtype=torch.bool),
        IS_THING,
    )
    assert (found == expected).all()


def test_masks_of_another_size_are_refused():
    given = torch.zeros(4, 6, dtype=torch.long), torch.ones(1)
    labels, masks = torch.zeros(1), torch.ones(1, 2, 3)
    with pytest.raises(UserValueError, match=r'\(4, 6\), but got \(2, 3\)'):
        fuse_detections(*given, labels, masks, IS_THING)
    with pytest.raises(UserValueError, match='got 1, 2 and 1'):
        fuse_detections(*given, torch.zeros(2), masks, IS_THING)
