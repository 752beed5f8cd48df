"""Whole networks against numbers that the public code produced."""

import numpy as np
import pytest
import torch
from helpers.public_parameters import load_vector
from helpers.reference import WHOLE, corner, whole_files
from mmengine.registry import init_default_scope
from mmengine.structures import PixelData
from mmseg.registry import MODELS
from mmseg.structures import SegDataSample

from mmseg_balance.models.backbones import mmseg_mit_keys

TOLERANCE = dict(rtol=0, atol=1e-4)
BN = dict(type='BN', requires_grad=True)


@pytest.fixture(autouse=True)
def _scope():
    init_default_scope('mmseg')


def mit_daformer(embed_dims, channels):
    return dict(
        backbone=dict(
            type='FusedMixVisionTransformer',
            embed_dims=embed_dims,
            num_layers=[2, 2, 2, 2],
            num_heads=[1, 2, 5, 8],
        ),
        decode_head=dict(
            type='DAFormerHead',
            in_channels=[embed_dims * heads for heads in (1, 2, 5, 8)],
            in_index=[0, 1, 2, 3],
            channels=channels,
            dropout_ratio=0.1,
            num_classes=19,
            norm_cfg=BN,
            align_corners=False,
            decoder_params=dict(
                embed_dims=channels,
                embed_cfg=dict(type='mlp', act_cfg=None, norm_cfg=None),
                embed_neck_cfg=dict(type='mlp', act_cfg=None, norm_cfg=None),
                fusion_cfg=dict(
                    type='aspp',
                    sep=True,
                    dilations=(1, 6, 12, 18),
                    pool=False,
                    act_cfg=dict(type='ReLU'),
                    norm_cfg=BN,
                ),
            ),
            loss_decode=dict(type='CrossEntropyLoss'),
        ),
    )


RESNET_DLV2 = dict(
    backbone=dict(
        type='ResNetV1c',
        depth=50,
        num_stages=4,
        out_indices=(0, 1, 2, 3),
        dilations=(1, 1, 2, 4),
        strides=(1, 2, 1, 1),
        norm_cfg=BN,
        norm_eval=False,
        style='pytorch',
        contract_dilation=True,
    ),
    decode_head=dict(
        type='DLV2Head',
        in_channels=2048,
        in_index=3,
        dilations=(6, 12, 18, 24),
        num_classes=19,
        align_corners=False,
        loss_decode=dict(type='CrossEntropyLoss'),
    ),
)
NETWORKS = {
    'model_tiny_mit_daformer': mit_daformer(8, 32),
    'model_mit_b0_daformer64_rule': mit_daformer(32, 64),
    'model_r50v1c_dlv2_rule': RESNET_DLV2,
}
KEPT = ['model_tiny_mit_daformer', 'model_r50v1c_dlv2_rule']
FILES = [*KEPT, *whole_files(*NETWORKS)]
MITS = [name for name in FILES if 'mit' in name]


def load(name):
    """The network with the public parameters, and the other arrays."""
    model = MODELS.build(
        dict(
            type='EncoderDecoder',
            test_cfg=dict(mode='whole'),
            **NETWORKS[name.removeprefix(WHOLE)],
        )
    ).eval()
    parameters, arrays = load_vector(name)
    part = 'backbone.'
    weights = {
        k.removeprefix(part): v
        for k, v in parameters.items()
        if k.startswith(part)
    }
    if name in MITS:
        weights = mmseg_mit_keys(weights)
    weights = {part + k: v for k, v in weights.items()}
    weights |= {k: v for k, v in parameters.items() if not k.startswith(part)}
    missing, unknown = model.load_state_dict(weights, strict=False)
    assert not unknown
    assert all(key.endswith('num_batches_tracked') for key in missing)
    count = sum(p.numel() for p in model.parameters())
    assert count == arrays['n_params']
    return model, arrays


@pytest.mark.parametrize('name', FILES)
def test_features_and_logits_agree(name):
    model, arrays = load(name)
    images = arrays['img']
    with torch.no_grad():
        features = model.extract_feat(images)
        logits = model.decode_head(features)
        whole = model.encode_decode(images, [dict(img_shape=images.shape[2:])])
    compared = 0
    for level, feature in enumerate(features):
        key = f'feat{level}'
        if key in arrays:
            expected = arrays[key]
            torch.testing.assert_close(
                corner(feature, expected), expected, **TOLERANCE
            )
            compared += 1
            continue
        torch.testing.assert_close(
            feature[:, :16], arrays[f'{key}_first16ch'], **TOLERANCE
        )
        spread = torch.stack([feature.mean((2, 3)), feature.std((2, 3))])
        torch.testing.assert_close(
            spread, arrays[f'{key}_mean_std'], **TOLERANCE
        )
        compared += 1
    assert compared == 4
    expected = arrays['decode_logits']
    torch.testing.assert_close(corner(logits, expected), expected, **TOLERANCE)
    expected = arrays['encode_decode_first2cls']
    torch.testing.assert_close(corner(whole, expected), expected, **TOLERANCE)
    spread = torch.stack([whole.mean((2, 3)), whole.std((2, 3))])
    torch.testing.assert_close(
        spread, arrays['encode_decode_mean_std'], **TOLERANCE
    )


def public_gradient(model, name):
    """The gradient of what the public code calls ``name``."""
    named = dict(model.named_parameters())
    if name in named:
        return named[name].grad
    part, key = name.split('.', 1)
    if '.attn.q.' in key:
        stage, block = key.removeprefix('block').split('.')[:2]
        attention = model.backbone.layers[int(stage) - 1][1][int(block)].attn
        grad = attention.attn.in_proj_weight.grad
        return grad[: len(grad) // 3]
    new = next(iter(mmseg_mit_keys({key: torch.zeros(1)})))
    return named[f'{part}.{new}'].grad


@pytest.mark.parametrize('with_cp', [False, True])
@pytest.mark.parametrize('name', MITS)
def test_loss_and_gradients_agree(name, with_cp):
    model, arrays = load(name)
    model.backbone.with_cp = with_cp
    sample = SegDataSample(
        gt_sem_seg=PixelData(data=arrays['label'][0]),
        metainfo=dict(img_shape=arrays['img'].shape[2:]),
    )
    losses = model.loss(arrays['img'], [sample])
    loss = losses['decode.loss_ce']
    torch.testing.assert_close(loss, arrays['loss_seg'], **TOLERANCE)
    loss.backward()
    names = [k for k in arrays if k.startswith('grad::')]
    assert len(names) >= 3
    for key in names:
        grad = public_gradient(model, key.removeprefix('grad::'))
        expected = arrays[key]
        scale = float(expected.abs().max())
        np.testing.assert_allclose(
            corner(grad, expected),
            expected,
            rtol=0,
            atol=1e-4 * min(1, scale),
            err_msg=key,
        )
