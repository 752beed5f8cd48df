"""Labels of the frame before: how they are moved, and settings."""

import pytest
import torch

from mmseg_balance.models.frames import FramePair
from mmseg_balance.models.uda.teacher.refinement import (
    PseudoRefinement,
    build_refinement,
)
from mmseg_balance.models.uda.teacher.refinement_rules import FrameLabels

SIZE = 2, 10, 13


def pair_of(u, v, valid=None):
    flow = torch.zeros(SIZE[0], 2, *SIZE[1:])
    flow[:, 0], flow[:, 1] = u, v
    if valid is None:
        valid = torch.ones(SIZE, dtype=torch.bool)
    return FramePair(torch.zeros(SIZE[0], 3, *SIZE[1:]), flow, valid)


def labels_of(seed, classes=5):
    generator = torch.Generator().manual_seed(seed)
    return FrameLabels(
        torch.randint(classes, SIZE, generator=generator),
        torch.rand(SIZE, generator=generator),
        torch.rand(SIZE, generator=generator),
    )


def everywhere():
    return torch.ones(SIZE, dtype=torch.bool)


def test_each_pixel_has_all_of_the_nearest_pixel_of_its_place():
    earlier, valid = labels_of(0), torch.rand(SIZE) < 0.8
    pair = pair_of(1.4, -2.6, torch.rand(SIZE) < 0.8)
    image = everywhere()
    image[1, :, 9:] = False  # padding
    found = PseudoRefinement('warp').moved(earlier, pair, image & valid)
    unseen = 0
    for n, y, x in torch.cartesian_prod(*map(torch.arange, SIZE)).tolist():
        row, column = y - 3, x + 1
        inside = 0 <= row < SIZE[1] and 0 <= column < SIZE[2]
        if inside and pair.valid[n, y, x] and (image & valid)[n, row, column]:
            expected = [part[n, row, column] for part in earlier]
        else:
            expected, unseen = [255, 0, 0], unseen + 1
        assert [part[n, y, x] for part in found] == expected
    assert 50 < unseen < 200


def test_frames_that_do_not_move_agree_with_themselves():
    labels = labels_of(1)
    for rule in ('consistency', 'max-confidence', 'warp'):
        found, shares = PseudoRefinement(rule)(
            labels, labels, pair_of(0, 0), everywhere()
        )
        assert torch.equal(found.labels, labels.labels)
        assert torch.equal(found.weight, labels.weight)
        assert {k: v.item() for k, v in shares.items()} == dict(
            seen=1, kept=1, changed=0
        )


def test_shares_are_of_the_image_pixels():
    current, earlier = labels_of(2), labels_of(3)
    image = everywhere()
    image[:, 8:] = False
    found, shares = PseudoRefinement('warp')(
        current, earlier, pair_of(2, 0), image
    )
    labels = found.labels[image]
    own = current.labels[image]
    assert shares['seen'].item() == pytest.approx(11 / 13)
    assert shares['kept'] == (labels == own).float().mean()
    assert shares['changed'].item() == pytest.approx(
        ((labels != own) & (labels != 255)).float().mean().item()
    )
    assert found.labels[:, 8:].eq(255).all()


@pytest.mark.parametrize(
    'settings', [dict(rule='consistency'), dict(rule='warp', threshold=0.9)]
)
def test_unseen_pixels_keep_their_label_where_it_is_asked_for(settings):
    current, earlier = labels_of(4), labels_of(5)
    pair = pair_of(4, 0)
    plain, _ = PseudoRefinement(**settings)(
        current, earlier, pair, everywhere()
    )
    found, shares = PseudoRefinement(**settings, fill=True)(
        current, earlier, pair, everywhere()
    )
    assert plain.labels[..., 9:].eq(255).all()
    assert not plain.weight[..., 9:].any()
    for part in range(2):
        assert torch.equal(found[part][..., 9:], current[part][..., 9:])
        assert torch.equal(found[part][..., :9], plain[part][..., :9])
    assert shares['seen'].item() == pytest.approx(9 / 13)


def test_a_rule_knows_its_classes():
    labels, other = (torch.full(SIZE, c) for c in (2, 4))
    weight = torch.ones(SIZE)
    found = {}
    for rule in ('rare', 'rarer'):
        refinement = build_refinement(dict(rule=rule, rare_classes=[4, 2]), 5)
        assert not refinement.state_dict()
        found[rule], _ = refinement(
            FrameLabels(labels, weight),
            FrameLabels(other, weight),
            pair_of(0, 0),
            everywhere(),
        )
    assert found['rare'].labels.eq(255).all()
    assert found['rarer'].labels.eq(4).all()


@pytest.mark.parametrize(
    'settings, error, said',
    [
        ({}, TypeError, 'a dict with `rule`, one of'),
        ('consistency', TypeError, "but got 'consistency'"),
        (dict(rule='mean'), ValueError, "`rule` .*'warp'.* got 'mean'"),
        (dict(rule='warp', start=-1), ValueError, '`start` .*got -1'),
        (dict(rule='warp', start=1.5), ValueError, '`start` .*got 1.5'),
        (dict(rule='warp', threshold=2), ValueError, r'`threshold` .*\[0, 1'),
        (dict(rule='rare'), ValueError, '`rare_classes` .*got None'),
        (dict(rule='rare', rare_classes=[]), ValueError, r'got \[\]'),
        (dict(rule='rare', rare_classes=[1, 1]), ValueError, 'once'),
        (dict(rule='rare', rare_classes=[-1]), ValueError, r'got \[-1\]'),
        (dict(rule='rare', rare_classes=[0, 7]), ValueError, r'0 to 3.*\[7\]'),
        (dict(rule='rare', rare_classes=[3, 1, 2, 0]), ValueError, 'all cla'),
        (
            dict(rule='warp', rare_classes=[1]),
            ValueError,
            "`rare_classes` .* 'warp': leave",
        ),
        (
            dict(rule='consistency', threshold=0.5),
            ValueError,
            "`threshold` .* rule='warp'",
        ),
    ],
)
def test_settings_that_cannot_work(settings, error, said):
    with pytest.raises(error, match=f'(?s){said}'):
        build_refinement(settings, 4)


def test_none_is_off():
    assert build_refinement(None, 4) is None
