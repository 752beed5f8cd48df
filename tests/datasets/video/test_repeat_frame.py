"""Images that are none of a video, as pairs."""

import pytest
import torch
from mmseg.registry import DATASETS

from mmseg_balance.datasets import UDADataset
from mmseg_balance.datasets.loading.bad_files import BadFileError


def still(clip_config, *changes, with_labels=True):
    """The clip as single images."""
    load, labels, *_, pack = clip_config['pipeline']
    repeat = dict(type='RepeatFrame', with_labels=with_labels)
    pipeline = [load, labels, repeat, *changes, pack]
    return dict(clip_config, previous=None, pipeline=pipeline)


@pytest.mark.parametrize('flipped', [False, True])
def test_an_image_is_its_own_frame_before(clip_config, flipped):
    crop = dict(type='RandomCrop', crop_size=(32, 40))
    flip = dict(type='RandomFlipFrames', prob=float(flipped))
    dataset = UDADataset(still(clip_config, crop, flip))
    found = dataset[0]['source']
    sample = found['data_samples']
    assert torch.equal(sample.prev_img.data, found['inputs'])
    assert torch.equal(sample.prev_gt_sem_seg.data, sample.gt_sem_seg.data)
    assert not sample.flow.data.any() and sample.flow_valid.data.all()
    assert sample.flow.data.shape == (2, 32, 40)
    bare = UDADataset(still(clip_config, with_labels=False))
    assert 'prev_gt_sem_seg' not in bare[0]['source']['data_samples']


def test_what_moves_the_image_alone_is_refused(clip_config):
    flip = dict(type='RandomFlip', prob=0.5)
    with pytest.raises(ValueError, match="type='RandomFlipFrames'"):
        UDADataset(still(clip_config, flip))


def test_a_label_that_is_not_loaded_is_named(clip_config):
    config = still(clip_config)
    config['pipeline'].pop(1)
    config['data_prefix'] = dict(img_path='img')
    dataset = DATASETS.build(config)
    with pytest.raises(BadFileError, match='pan_0010.png: with_labels=True'):
        dataset[0]
