"""Pairs of frames under everything that changes pixels."""

import numpy as np
import pytest
import torch
from helpers.reference import reference, whole_files

from mmseg_balance.models.frames import FramePair, frame_pair
from mmseg_balance.models.frames.pairs import stack_frames
from mmseg_balance.models.uda.mixing.block_mask import block_mask, hidden
from mmseg_balance.models.uda.mixing.class_mix import class_masks, mix
from mmseg_balance.models.uda.mixing.frame_mix import mix_images
from mmseg_balance.models.uda.mixing.photometric import StrongAugmentation

MEAN, STD = torch.tensor([120.0, 110, 100]), torch.tensor([60.0, 50, 40])


def stacked(image, earlier, flow):
    valid = torch.ones(flow[:1].shape, dtype=torch.bool)
    pair = FramePair(earlier[None], flow[None], valid)
    return stack_frames(image[None], pair)


@pytest.mark.parametrize('name', whole_files('video/consistent_mix'))
def test_numbers_of_uvda(name):
    data = reference(name)
    chosen = torch.zeros(1, 256, dtype=torch.bool)
    chosen[0, data['classes']] = True
    mask = class_masks(data['label_src'], chosen)
    assert torch.equal(mask[:, None].long(), data['mask'])
    source, target = (
        stacked(data[f'{k}_t'], data[f'{k}_t1'], data[f'flow_{k}'])
        for k in ('src', 'trg')
    )
    found = mix_images(mask, source, target)
    pair = frame_pair(found)
    assert torch.equal(found[:, :3], data['mixed_t'])
    assert torch.equal(pair.images, data['mixed_t1'])
    assert torch.equal(pair.flow[0], data['mixed_flow'])
    labels = mix(mask, data['label_src'], data['pseudo'][None])
    assert torch.equal(labels, data['mixed_label'])
    weight = data['pseudo_weight'][None].masked_fill(mask, 1.0)
    assert torch.equal(weight, data['mixed_weight'])
    # beyond the public code: the flow leads to what was cut likewise
    height, width = mask.shape[1:]
    cut = mask[0].numpy()
    for y, x in np.ndindex(height, width):
        u, v = pair.flow[0, :, y, x].tolist()
        row, column = round(y + v), round(x + u)
        inside = 0 <= row < height and 0 <= column < width
        counts = inside and cut[row, column] == cut[y, x]
        assert bool(pair.valid[0, y, x]) == counts
    assert 0.2 < pair.valid.float().mean() < 1


def test_images_without_frames_are_mixed_as_ever():
    source, target = torch.randn(2, 1, 3, 4, 4)
    mask = torch.rand(1, 4, 4) < 0.5
    found = mix_images(mask, source, target)
    assert torch.equal(found, mix(mask, source, target))


def test_an_object_that_moves_is_cut_whole_by_masks_of_its_own():
    """A square of the source, two columns to the left the frame before."""
    mask, earlier = torch.zeros(2, 1, 8, 8, dtype=torch.bool)
    mask[0, 2:5, 4:7] = earlier[0, 2:5, 2:5] = True
    one, zero = torch.ones(3, 8, 8), torch.zeros(3, 8, 8)
    flow = torch.zeros(2, 8, 8)
    flow[0] = -2
    still = torch.zeros(2, 8, 8)
    source = stacked(one * mask, one * earlier, flow)
    target = stacked(zero - 1, zero - 1, still)
    pair = frame_pair(mix_images(mask, source, target, earlier))
    assert torch.equal(pair.images[0, 0] == 1, earlier[0])
    assert (pair.images[0, 0] == -1)[~earlier[0]].all()
    # the square is where its flow says; what it covers of the target is not
    expected = ~(earlier & ~mask)
    assert torch.equal(pair.valid, expected)
    cut = frame_pair(mix_images(mask, source, target))
    assert torch.equal(cut.images[0, 0] == -1, ~mask[0])
    assert not cut.valid[0, 2:5, 4:6].any()  # the half that was cut off


@pytest.mark.parametrize('drawn', ['batch', 'image'])
def test_colours_of_both_frames_are_drawn_once(drawn):
    strong = StrongAugmentation(MEAN, STD, 0.7, 0.5, 0.7, drawn)
    frames = torch.randn(3, 3, 32, 32)
    pair = FramePair(
        frames, torch.randn(3, 2, 32, 32), torch.rand(3, 32, 32) < 0.5
    )
    changed = 0
    for seed in range(6):
        torch.manual_seed(seed)
        found = strong(stack_frames(frames, pair))
        after = torch.rand(1)
        torch.manual_seed(seed)
        alone = strong(frames)
        assert torch.equal(torch.rand(1), after)
        assert torch.equal(found[:, :3], alone)
        assert torch.equal(found[:, 3:6], alone)
        assert torch.equal(found[:, 6:8], pair.flow)
        assert torch.equal(frame_pair(found).valid, pair.valid)
        changed += not torch.equal(alone, frames)
    assert changed > 2


def test_the_same_blocks_of_both_frames_are_hidden():
    images = torch.randn(2, 9, 32, 32)
    mask = block_mask(images, 8, 0.5)
    found = hidden(images, mask)
    assert 0 < mask.mean() < 1
    assert torch.equal(found[:, :6], images[:, :6] * mask)
    assert torch.equal(found[:, 6:], images[:, 6:])
    assert torch.equal(hidden(images[:, :3], mask), images[:, :3] * mask)
