"""Which of two labels counts: the public code's numbers, and loops."""

import numpy as np
import pytest
import torch
from helpers.reference import reference, whole_files

from mmseg_balance.models.uda.teacher.refinement_rules import (
    FrameLabels,
    agreeing,
    filled,
    rarer,
    rarity,
    sure,
    surer,
)

# UVDA's order of Cityscapes' train ids, those in front of the bar are rare
RARE = [3, 5, 12, 16, 18, 17, 7, 6, 15, 4, 11]
REFINE = ['video/pl_refine', *whole_files('video/pl_refine')]
FILTER = ['video/uvda_rare_filter', *whole_files('video/uvda_rare_filter')]


def frames_of(name):
    """Both frames as UVDA has them, the one before moved by its own warp.

    It reads the pixel at the truncated place.
    """
    data = reference(name)
    weights = data['weight_current'], data['weight_prev']
    probability = data['prob_current'], data['prob_prev']
    height, width = data['mask'].shape
    rows, columns = torch.meshgrid(
        torch.arange(height), torch.arange(width), indexing='ij'
    )
    u, v = data['flow'].unbind(-1)
    rows = (rows + v).long().clamp(0, height - 1)
    columns = (columns + u).long().clamp(0, width - 1)
    mask = data['mask']
    moved = data['prob_prev'][:, rows, columns]
    assert torch.equal(moved.argmax(0)[mask], data['label_warped'][mask])
    current = FrameLabels(
        probability[0].argmax(0),
        torch.full_like(data['weight_warped'], float(weights[0])),
        probability[0].max(0).values,
    )
    before = FrameLabels(
        data['label_warped'],
        data['weight_warped'],
        moved.max(0).values.masked_fill(~mask, 0),
    )
    assert 0.4 < mask.float().mean() < 0.6
    return data, current, before


def same(found, data, rule):
    assert torch.equal(found.labels, data[f'{rule}_label'])
    assert torch.equal(found.weight, data[f'{rule}_weight'])


@pytest.mark.parametrize('name', REFINE)
def test_rules_are_those_of_the_public_code(name):
    data, current, moved = frames_of(name)
    same(agreeing(current, moved), data, 'consis')
    same(surer(current, moved), data, 'maxconf')
    same(sure(moved, float(data['tpsconf_thresh'])), data, 'tpsconf')
    same(filled(current, moved), data, 'fill')


@pytest.mark.parametrize('ordered', [False, True])
@pytest.mark.parametrize('name', FILTER)
def test_rare_classes_are_those_of_the_public_code(name, ordered):
    data = reference(name)
    own, other = data['pl_current'], data['pl_warped']
    ones = torch.ones(own.shape)
    moved = FrameLabels(other, ones.masked_fill(other == 255, 0))
    found = rarer(FrameLabels(own, ones), moved, rarity(RARE, ordered))
    expected = data['out_rarer' if ordered else 'out_rare_common']
    assert torch.equal(found.labels, expected)
    # nothing was moved there, so that a rare label does not count
    counts = (expected != 255) & (other != 255)
    assert torch.equal(found.weight, counts.float())


def by_hand(rule, own, other):
    """One pixel; each of (label, weight, confidence)."""
    label, weight, confidence = other
    known = label != 255
    if rule == 'agreeing':
        return (label, weight) if known and label == own[0] else (255, 0)
    if rule == 'surer':
        is_surer = known and confidence > own[2]
        return (label, weight) if is_surer else own[:2]
    if rule == 'sure':
        return (label, weight) if known and confidence >= 0.5 else (255, 0)
    order = [2, 0]  # rarest first, 1 and 3 are common
    places = [order.index(x) if x in order else 9 for x in (own[0], label)]
    if rule == 'rare':
        places = [0 if p < 9 else 9 for p in places]
    if own[0] == label and known:
        return label, weight
    if places[0] == places[1]:
        return 255, 0
    return (own[0] if places[0] < places[1] else label), weight


@pytest.mark.parametrize(
    'rule', ['agreeing', 'surer', 'sure', 'rare', 'rarer']
)
def test_rules_pixel_by_pixel(rule):
    generator = torch.Generator().manual_seed(5)
    shape = (2, 9, 11)

    def draw():
        labels = torch.randint(4, shape, generator=generator)
        # ties on purpose
        sure = torch.randint(5, shape, generator=generator) / 4
        return labels, torch.rand(shape, generator=generator), sure

    current = FrameLabels(*draw())
    labels, weight, confidence = draw()
    unseen = torch.rand(shape, generator=generator) < 0.3
    moved = FrameLabels(
        labels.masked_fill(unseen, 255),
        weight.masked_fill(unseen, 0),
        confidence.masked_fill(unseen, 0),
    )
    found = {
        'agreeing': lambda: agreeing(current, moved),
        'surer': lambda: surer(current, moved),
        'sure': lambda: sure(moved, 0.5),
        'rare': lambda: rarer(current, moved, rarity([2, 0], False)),
        'rarer': lambda: rarer(current, moved, rarity([2, 0], True)),
    }[rule]()
    for place in np.ndindex(*shape):
        own, other = (
            tuple(part[place].item() for part in frame)
            for frame in (current, moved)
        )
        label, weight = by_hand(rule, own, other)
        assert found.labels[place] == label, (own, other)
        assert found.weight[place].item() == weight, (own, other)


def test_what_is_filled_in_is_kept_by_a_threshold():
    current = FrameLabels(*torch.tensor([[1, 2], [1, 1], [0, 0]]))
    moved = FrameLabels(
        torch.tensor([255, 3]), torch.tensor([0, 1]), torch.tensor([0, 0.4])
    )
    found = sure(filled(current, moved), 0.5)
    assert found.labels.tolist() == [1, 255]
