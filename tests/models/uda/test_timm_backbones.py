"""Backbones of timm in every method: a CNN and two transformers."""

import math

import pytest
import torch
from mmengine.optim import OptimWrapper
from torch import nn

SIZE = 128
THINGS = dict(classes=[1, 2])
METHODS = {
    'DACS': {},
    'DAFormer': dict(feature_distance=THINGS),
    'HRDA': dict(feature_distance=THINGS),
    'MIC': dict(masked_consistency=dict(block_size=16)),
}
BACKBONES = {
    'resnet18': dict(
        arguments=dict(
            model_name='resnet18',
            out_indices=(1, 2, 3, 4),
            zero_init_last=False,  # else convolutions begin without gradient
        ),
        channels=[64, 128, 256, 512],
    ),
    'pvt_v2': dict(
        arguments=dict(
            model_name='pvt_v2_b0',
            out_indices=(0, 1, 2, 3),
            depths=(1, 1, 1, 1),
            embed_dims=(8, 16, 40, 64),
            drop_path_rate=0.2,
        ),
        channels=[8, 16, 40, 64],
    ),
    'vit': dict(
        arguments=dict(
            model_name='vit_tiny_patch16_224',
            img_size=SIZE,
            dynamic_img_size=True,
            out_indices=(0, 1),
            depth=2,
            embed_dim=24,
            num_heads=3,
            drop_path_rate=0.2,
            attn_drop_rate=0.1,
        ),
        channels=[24, 24],
    ),
}


def segmentor_cfg(segmentor, arguments, channels):
    cfg = segmentor()
    cfg['data_preprocessor']['size'] = (SIZE, SIZE)
    cfg['backbone'] = dict(
        type='TIMMBackbone', features_only=True, pretrained=False, **arguments
    )
    cfg['decode_head'] = dict(
        type='DAFormerHead',
        in_channels=channels,
        in_index=list(range(len(channels))),
        channels=8,
        num_classes=4,
        align_corners=False,
        decoder_params=dict(
            embed_dims=8,
            embed_cfg=dict(type='mlp'),
            embed_neck_cfg=dict(type='mlp'),
            fusion_cfg=dict(
                type='conv', kernel_size=1, norm_cfg=dict(type='BN')
            ),
        ),
        loss_decode=dict(type='CrossEntropyLoss'),
    )
    return cfg


def at_two_scales(cfg):
    """The same network as HRDA has it."""
    head = cfg['decode_head']
    loss, classes = head.pop('loss_decode'), head.pop('num_classes')
    head.pop('align_corners')
    return dict(
        cfg,
        type='HRDAEncoderDecoder',
        detail_crop_size=(64, 64),
        crop_coord_divisible=32,  # a ViT has one cell for 16 x 16 pixels
        decode_head=dict(
            type='HRDAHead',
            head=head,
            attention=head,
            num_classes=classes,
            loss_decode=loss,
        ),
    )


@pytest.mark.parametrize('method', METHODS)
@pytest.mark.parametrize('name', BACKBONES)
def test_a_step_trains_the_whole_backbone(
    name, method, segmentor, batch, build
):
    cfg = segmentor_cfg(segmentor, **BACKBONES[name])
    if method == 'HRDA':
        cfg = at_two_scales(cfg)
    model = build(method, segmentor=cfg, **METHODS[method])
    for module in model.teacher.modules():
        if isinstance(module, nn.Dropout):
            assert module.p == 0
        if type(module).__name__ == 'DropPath':
            assert module.drop_prob == 0
    backbone = model.student.backbone
    before = {k: v.detach().clone() for k, v in backbone.named_parameters()}
    still = [p.detach().clone() for p in model.teacher.parameters()]
    optimizer = torch.optim.SGD(model.trainable.parameters(), lr=1.0)
    logs = model.train_step(batch(size=SIZE), OptimWrapper(optimizer))
    assert all(math.isfinite(value) for value in logs.values())
    assert logs['src.decode.loss_ce'] > 0
    same = [k for k, v in backbone.named_parameters() if v.equal(before[k])]
    assert not same
    for old, new in zip(still, model.teacher.parameters(), strict=True):
        assert torch.equal(old, new)


@pytest.mark.parametrize('name', BACKBONES)
def test_prediction_is_of_the_image(name, segmentor, batch, build):
    cfg = segmentor_cfg(segmentor, **BACKBONES[name])
    model = build(segmentor=cfg).eval()
    data = batch(size=SIZE)['target']
    for sample in data['data_samples']:
        sample.set_metainfo(dict(img_shape=(SIZE, SIZE), ori_shape=(48, 80)))
    samples = model.test_step(data)
    for sample in samples:
        assert sample.pred_sem_seg.data.shape == (1, 48, 80)
