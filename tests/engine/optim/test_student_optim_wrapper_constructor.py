"""Groups of parameters against those of mmengine."""

import copy

import torch
from mmengine.optim import build_optim_wrapper
from torch import nn

CONFIG = dict(
    type='OptimWrapper',
    optimizer=dict(type='AdamW', lr=0.1, weight_decay=0.5),
    paramwise_cfg=dict(
        norm_decay_mult=0.0, custom_keys=dict(head=dict(lr_mult=10.0))
    ),
)


def network():
    torch.manual_seed(0)
    body = nn.Sequential(
        nn.Linear(3, 4), nn.LayerNorm(4), nn.Linear(4, 4), nn.LayerNorm(4)
    )
    return nn.ModuleDict(dict(body=body, head=nn.Linear(4, 2)))


def optimize(constructor):
    model = network()
    config = copy.deepcopy(dict(CONFIG, constructor=constructor))
    wrapper = build_optim_wrapper(model, config)
    for _ in range(3):
        output = model['head'](model['body'](torch.ones(5, 3)))
        wrapper.update_params(output.square().sum())
    return model, wrapper.optimizer


def test_a_group_for_each_setting_and_the_same_steps():
    ours, merged = optimize('StudentOptimWrapperConstructor')
    theirs, single = optimize('DefaultOptimWrapperConstructor')
    settings = [(g['lr'], g['weight_decay']) for g in merged.param_groups]
    assert settings == [(0.1, 0.5), (0.1, 0.0), (1.0, 0.5)]
    assert len(single.param_groups) == 10
    for (name, a), b in zip(ours.named_parameters(), theirs.parameters()):
        assert torch.equal(a, b), name
        assert not torch.equal(a, network().get_parameter(name)), name


def test_without_settings_there_is_one_group():
    config = dict(
        type='OptimWrapper',
        optimizer=dict(type='SGD', lr=0.1),
        constructor='StudentOptimWrapperConstructor',
    )
    wrapper = build_optim_wrapper(network(), config)
    assert len(wrapper.optimizer.param_groups) == 1
