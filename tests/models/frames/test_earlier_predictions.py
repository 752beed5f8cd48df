"""The frame before an image is predicted as if it were the image."""

import pytest
import torch
from helpers.panned_clip import clip_set, write_clip
from helpers.tiny_networks import tiny_mit, tiny_segformer_head
from mmengine.config import ConfigDict
from mmengine.dataset import pseudo_collate
from mmengine.registry import init_default_scope
from mmseg.registry import DATASETS, MODELS

from mmseg_balance.models.frames.earlier_predictions import predict_earlier


@pytest.fixture
def dataset(tmp_path):
    init_default_scope('mmseg')
    config = clip_set(write_clip(tmp_path))
    load, _, _, flow, pack = config['pipeline']
    return DATASETS.build(
        dict(
            config,
            test_mode=True,
            pipeline=[
                load,
                dict(type='LoadPreviousFrame', repeat_first=True),
                flow,
                # twice the width, so that predictions go back
                dict(type='ResizeFrames', scale=(192, 64)),
                pack,
            ],
        )
    )


@pytest.fixture
def model():
    torch.manual_seed(0)
    model = MODELS.build(
        dict(
            type='EncoderDecoder',
            data_preprocessor=dict(
                type='SegDataPreProcessor',
                mean=[90.0] * 3,
                std=[60.0] * 3,
                bgr_to_rgb=True,
                pad_val=0,
                seg_pad_val=255,
                size=(64, 192),
                test_cfg=dict(size_divisor=40),
            ),
            backbone=tiny_mit(),
            decode_head=tiny_segformer_head(),
            train_cfg=dict(),
            test_cfg=ConfigDict(mode='whole'),
        )
    ).eval()
    head = model.decode_head.conv_seg
    head.weight.data.normal_(0, 10)
    return model


@torch.no_grad()
def test_a_frame_is_predicted_as_where_it_is_the_image(dataset, model):
    step = model.test_step
    own = [
        step(pseudo_collate([dataset[i]]))[0].pred_sem_seg.data
        for i in range(4)
    ]
    assert own[0].unique().numel() > 1 and own[0].shape == (1, 64, 96)
    batch = pseudo_collate([dataset[i] for i in (3, 0, 1)])
    predict_earlier(model, step, batch)
    found = step(batch)
    # an image that is the first of its sequence has none before it
    assert 'prev_pred_sem_seg' not in found[1]
    for sample, before in ((found[0], 2), (found[2], 0)):
        moved = sample.prev_pred_sem_seg.data
        assert torch.equal(moved, own[before])
    assert torch.equal(found[0].pred_sem_seg.data, own[3])


@torch.no_grad()
def test_without_frames_nothing_is_predicted(dataset, model):
    batch = pseudo_collate([dataset[1]])
    for key in ('prev_img', 'flow', 'flow_valid'):
        delattr(batch['data_samples'][0], key)

    asked = []
    predict_earlier(model, asked.append, batch)
    assert not asked
    assert 'prev_pred_sem_seg' not in batch['data_samples'][0]


def test_several_views_of_an_image_are_refused(dataset, model):
    sample = dataset[1]['data_samples']
    views = dict(inputs=[[], []], data_samples=[[sample, sample]])
    with pytest.raises(ValueError, match='several views .* leave --tta'):
        predict_earlier(model, model.test_step, views)
