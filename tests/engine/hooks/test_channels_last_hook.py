"""Convolutions in another memory format give the same."""

import copy
from types import SimpleNamespace

import pytest
import torch
from mmengine.optim import OptimWrapper, OptimWrapperDict
from mmengine.registry import init_default_scope
from mmseg.registry import MODELS
from torch import nn

from mmseg_balance.engine.hooks import ChannelsLastHook
from mmseg_balance.models.losses import BLDALoss


def build():
    init_default_scope('mmseg')
    return MODELS.build(
        dict(
            type='EncoderDecoder',
            backbone=dict(
                type='ResNetV1c',
                depth=18,
                stem_channels=8,
                base_channels=8,
                norm_cfg=dict(type='BN'),
                norm_eval=False,
            ),
            decode_head=dict(
                type='FCNHead',
                in_channels=64,
                channels=8,
                num_classes=3,
                dropout_ratio=0.0,
                norm_cfg=dict(type='BN'),
                loss_decode=dict(type='BLDALoss', num_classes=3),
            ),
        )
    ).train()


def test_the_same_values_in_another_format():
    plain = build()
    model = copy.deepcopy(plain)
    ChannelsLastHook().before_train(SimpleNamespace(model=model))
    last = torch.channels_last
    weights = [m.weight for m in model.modules() if isinstance(m, nn.Conv2d)]
    assert all(w.is_contiguous(memory_format=last) for w in weights)
    assert list(model.state_dict()) == list(plain.state_dict())

    images = torch.randn(2, 3, 64, 64)
    results = []
    for network in (model, plain):
        features = network.extract_feat(images)
        logits = network.decode_head(features)
        logits.square().sum().backward()
        results.append((*features, logits))
    # images came in as usual; what follows has the format of the weights
    assert not images.is_contiguous(memory_format=last)
    for ours, theirs in zip(*results, strict=True):
        assert ours.is_contiguous(memory_format=last)
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-4)
    theirs = dict(plain.named_parameters())
    for name, parameter in model.named_parameters():
        scale = theirs[name].grad.abs().max()
        torch.testing.assert_close(
            parameter.grad / scale,
            theirs[name].grad / scale,
            rtol=1e-3,
            atol=1e-3,
            msg=name,
        )


def test_other_tensors_keep_their_format():
    model = build()
    model.register_buffer('maps', torch.zeros(2, 3, 4, 5))
    before = {k: v.stride() for k, v in model.named_buffers()}
    assert any(isinstance(m, BLDALoss) for m in model.modules())
    ChannelsLastHook().before_train(SimpleNamespace(model=model))
    assert {k: v.stride() for k, v in model.named_buffers()} == before


@pytest.mark.parametrize('several', [False, True])
def test_averages_of_a_resumed_run_follow_the_weights(several):
    model = nn.Conv2d(3, 4, 3)
    optimizer = torch.optim.AdamW(model.parameters())
    model(torch.randn(1, 3, 5, 5)).sum().backward()
    optimizer.step()
    before = copy.deepcopy(optimizer.state[model.weight])
    wrapper = OptimWrapper(optimizer)
    if several:
        wrapper = OptimWrapperDict(student=wrapper)
    runner = SimpleNamespace(model=model, optim_wrapper=wrapper)
    ChannelsLastHook().before_train(runner)
    state = optimizer.state[model.weight]
    for name in ('exp_avg', 'exp_avg_sq'):
        assert state[name].stride() == model.weight.stride()
        assert state[name].stride() != before[name].stride()
        assert torch.equal(state[name], before[name])
