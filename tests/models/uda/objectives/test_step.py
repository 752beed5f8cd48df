"""Padding, margins and labels of a batch."""

import torch
from mmengine.structures import PixelData
from mmseg.structures import SegDataSample

from mmseg_balance.models.uda.objectives.step import (
    image_mask,
    stack_labels,
    trusted_mask,
)


def padded(left, right, top, bottom, **fields):
    sample = SegDataSample(
        metainfo=dict(padding_size=(left, right, top, bottom))
    )
    for name, data in fields.items():
        setattr(sample, name, PixelData(data=data))
    return sample


def test_an_image_is_what_is_not_padding():
    samples = [padded(1, 2, 3, 0), padded(0, 0, 0, 4)]
    mask = image_mask(torch.zeros(2, 3, 6, 8), samples)
    expected = torch.zeros(2, 6, 8, dtype=torch.bool)
    expected[0, 3:, 1:6] = True
    expected[1, :2] = True
    assert mask.dtype == torch.bool
    assert torch.equal(mask, expected)


def test_margins_are_put_where_the_image_is():
    given = torch.tensor([[[1, 0, 1], [2, 1, 0]]])
    samples = [padded(1, 2, 3, 1, valid_pseudo=given), padded(0, 1, 0, 0)]
    valid = image_mask(torch.zeros(2, 3, 6, 6), samples)
    trusted = trusted_mask(valid, samples)
    expected = valid.clone()
    expected[0, 3, 2] = expected[0, 4, 3] = False
    assert torch.equal(trusted, expected)
    # the mask of the images is not written into
    assert valid[0].sum() == 6 and valid[1].sum() == 30
    assert trusted_mask(valid, samples[1:]) is None


def test_labels_are_stacked():
    labels = torch.arange(12).view(2, 1, 2, 3)
    samples = [padded(0, 0, 0, 0, gt_sem_seg=label) for label in labels]
    assert torch.equal(stack_labels(samples), labels[:, 0])
