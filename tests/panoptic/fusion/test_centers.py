"""Segments of centres and offsets, against the public code and a loop."""

import pytest
import torch
from helpers.reference import reference, whole_files

from mmseg_balance.errors import UserValueError
from mmseg_balance.panoptic.fusion import (
    assemble_segments,
    assign_pixels,
    find_centers,
    fuse_centers,
    score_segments,
)
from mmseg_balance.panoptic.ids import VOID_ID

IS_THING = torch.arange(19) >= 11
WHOLE = whole_files(
    'panoptic/post_bu_a', 'panoptic/post_bu_nocenter', 'panoptic/post_bu_topk3'
)


@pytest.mark.parametrize('name', ['panoptic/post_bu_topk3', *WHOLE])
def test_as_the_public_code(name):
    ref = reference(name)
    settings = dict(
        threshold=float(ref['threshold']),
        kernel=int(ref['nms_kernel']),
        top_k=int(ref['top_k']),
        as_published=True,
    )
    heatmap, semantic = ref['heatmap'].clone(), ref['semantic']
    centers = find_centers(heatmap, **settings)
    assert torch.equal(centers, ref['centers_yx'])
    everywhere = torch.ones_like(semantic, dtype=torch.bool)
    thing = IS_THING[semantic]
    found = assign_pixels(centers, ref['offset'], everywhere) * thing
    assert torch.equal(found, ref['ins_seg'])
    found = fuse_centers(
        semantic,
        heatmap,
        ref['offset'],
        IS_THING,
        stuff_area=int(ref['stuff_area']),
        **settings,
    )
    assert torch.equal(found.long(), ref['panoptic_raw'])
    assert torch.equal(heatmap, ref['heatmap_after_call'])


@pytest.mark.parametrize('name', whole_files('panoptic/post_bu_a'))
def test_scores_as_of_the_public_code(name):
    ref = reference(name)
    found = score_segments(ref['panoptic_raw'], ref['semantic_prob'], IS_THING)
    assert torch.equal(found.labels, ref['instance_pred_class'])
    expected = ref['f64_instance_scores']
    torch.testing.assert_close(found.scores, expected, rtol=1e-6, atol=0)


def test_scores_are_means_over_segments_of_things():
    segments = torch.tensor([[0, 11001, 11001], [255000, 12001, 11002]])
    probabilities = torch.rand(19, 2, 3)
    found = score_segments(segments, probabilities, IS_THING)
    assert found.ids.tolist() == [11001, 11002, 12001]
    assert found.labels.tolist() == [11, 11, 12]
    expected = [
        probabilities[11, 0, 1:].mean(),
        probabilities[11, 1, 2],
        probabilities[12, 1, 1],
    ]
    torch.testing.assert_close(found.scores, torch.tensor(expected).double())
    nothing = score_segments(segments[:, :1], probabilities[..., :1], IS_THING)
    assert nothing.scores.shape == (0,)


def test_one_centre_for_equal_maxima():
    heatmap = torch.zeros(9, 20)
    heatmap[4, 3:6] = 0.5  # one peak, as at the border of an upsampled map
    heatmap[4, 15] = 0.3
    assert find_centers(heatmap, kernel=3).tolist() == [[4, 3], [4, 15]]
    found = find_centers(heatmap, kernel=3, as_published=True)
    assert found.tolist() == [[4, 3], [4, 4], [4, 5], [4, 15]]


def test_a_peak_at_the_border_of_an_upsampled_map_is_one_centre():
    small = torch.zeros(1, 1, 4, 4)
    small[0, 0, 0, 1] = 1
    heatmap = torch.nn.functional.interpolate(
        small, scale_factor=4, mode='bilinear'
    )[0, 0]
    assert len(find_centers(heatmap)) == 1
    assert len(find_centers(heatmap, as_published=True)) > 1


def test_top_k_keeps_the_k_highest():
    heatmap = torch.zeros(1, 30)
    heatmap[0, ::10] = torch.tensor([0.5, 0.9, 0.7])
    for top_k, ours, public in (
        (1, [10], []),
        (2, [10, 20], [10]),
        (3, [0, 10, 20], [10, 20]),
        (4, [0, 10, 20], [0, 10, 20]),
    ):
        found = find_centers(heatmap, top_k=top_k)
        assert found[:, 1].tolist() == ours
        found = find_centers(heatmap, top_k=top_k, as_published=True)
        assert found[:, 1].tolist() == public


def test_pixels_go_to_the_nearest_centre_in_parts_as_at_once(monkeypatch):
    generator = torch.Generator().manual_seed(0)
    centers = torch.randint(12, (5, 2), generator=generator)
    offsets = 6 * torch.randn(2, 12, 14, generator=generator)
    where = torch.rand(12, 14, generator=generator) > 0.3
    found = assign_pixels(centers, offsets, where)
    for y in range(12):
        for x in range(14):
            target = torch.tensor([y, x]) + offsets[:, y, x].double()
            far = (centers - target).norm(dim=1)
            expected = int(far.argmin()) + 1 if where[y, x] else 0
            assert found[y, x] == expected
    module = assign_pixels.__module__
    monkeypatch.setattr(f'{module}._DISTANCES', 37)
    assert torch.equal(assign_pixels(centers, offsets, where), found)


@pytest.mark.parametrize(
    ('label', 'peak', 'expected'),
    [
        (13, 0.0, VOID_ID),  # things without a centre
        (13, 1.0, 13001),
        (2, 1.0, 2000),  # stuff alone
        (255, 1.0, VOID_ID),  # void alone
    ],
)
def test_images_of_one_kind(label, peak, expected):
    semantic = torch.full((50, 50), label)
    heatmap = torch.zeros(50, 50)
    heatmap[20, 20] = peak
    found = fuse_centers(semantic, heatmap, torch.zeros(2, 50, 50), IS_THING)
    assert (found == expected).all()


def test_ids_are_assembled_without_waiting_for_the_device():
    """On the meta device whatever asks for a value raises."""
    pixels = torch.zeros(4, 6, dtype=torch.long, device='meta')
    things = IS_THING.to('meta')
    found = assemble_segments(pixels, pixels, 3, things, hidden=pixels > 0)
    assert found.shape == (4, 6)


def test_an_even_window_and_too_many_instances_are_refused():
    with pytest.raises(UserValueError, match='odd, but got 4'):
        find_centers(torch.zeros(5, 5), kernel=4)
    pixel = torch.zeros(1, 1, dtype=torch.long)
    with pytest.raises(UserValueError, match='1000 instances.*lower top_k'):
        assemble_segments(pixel, pixel, 1000, IS_THING)
    with pytest.raises(UserValueError, match='at most 255.*but got 256'):
        assemble_segments(pixel, pixel, 1, torch.ones(256).bool())
