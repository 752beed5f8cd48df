"""Learning rates of each parameter, by hand."""

import copy
import re

import pytest
import torch
from helpers.paths import ROOT
from mmengine.config import Config
from mmengine.optim import build_optim_wrapper
from mmengine.registry import init_default_scope
from mmseg.registry import MODELS
from torch import nn

from mmseg_balance.models.backbones import TimmViTPyramid

DEPTH, RATE = 3, 0.5
CONFIG = dict(
    type='OptimWrapper',
    constructor='LayerDecayOptimWrapperConstructor',
    optimizer=dict(type='AdamW', lr=0.1, weight_decay=0.5),
    paramwise_cfg=dict(
        layer_decay_rate=RATE,
        norm_decay_mult=0.0,
        custom_keys=dict(head=dict(lr_mult=10.0)),
    ),
)


def network(name='vit_small_patch14_reg4_dinov2', **kwargs):
    backbone = TimmViTPyramid(
        name,
        embed_dim=24,
        depth=DEPTH,
        num_heads=3,
        img_size=56,
        out_channels=8,
        **kwargs,
    )
    student = nn.ModuleDict(dict(backbone=backbone, head=nn.Linear(4, 2)))
    return nn.ModuleDict(dict(student=student))


def rates_of(model, **changes):
    config = copy.deepcopy(CONFIG)
    config['paramwise_cfg'].update(changes)
    optimizer = build_optim_wrapper(model, config).optimizer
    found = {
        parameter: (group['lr'], group['weight_decay'])
        for group in optimizer.param_groups
        for parameter in group['params']
    }
    return optimizer, {
        name: found[parameter]
        for name, parameter in model.named_parameters()
        if parameter in found
    }


@pytest.mark.parametrize(
    'name',
    ['vit_small_patch14_reg4_dinov2', 'vit_small_patch16_dinov3'],
)
def test_each_block_has_its_rate(name):
    model = network(name)
    optimizer, rates = rates_of(model)
    assert rates.keys() == dict(model.named_parameters()).keys()
    # of embeddings, three blocks, and what comes after them
    expected = [0.1 * RATE**power for power in (4, 3, 2, 1, 0)]
    norms = set()
    for key, (rate, decay) in rates.items():
        block = re.search(r'vit\.blocks\.(\d+)\.', key)
        if block:
            layer = int(block[1]) + 1
        elif re.search(r'vit\.(cls_token|reg_token|pos_|patch_embed)', key):
            layer = 0
        else:
            assert re.search(r'(vit\.norm|pyramid|head)\.', key), key
            layer = 4
        factor = 10 if '.head.' in key else 1
        assert rate == pytest.approx(expected[layer] * factor), key
        if decay == 0:
            norms.add(key)
    assert norms == {
        f'{key}.{own}'
        for key, module in model.named_modules()
        if isinstance(module, nn.LayerNorm)
        for own, _ in module.named_parameters()
    }
    # parameters of equal settings stay together
    groups = [(g['lr'], g['weight_decay']) for g in optimizer.param_groups]
    assert len(groups) == len(set(groups)) <= 2 * 5 + 1


def test_rate_one_changes_nothing():
    _, rates = rates_of(network(), layer_decay_rate=1.0)
    for key, (rate, _) in rates.items():
        assert rate == pytest.approx(1.0 if '.head.' in key else 0.1)


def test_updates_of_lora_have_the_rates_of_their_blocks():
    model = network(adapter=dict(type='LoRA', rank=2))
    _, rates = rates_of(model)
    blocks = {k: v[0] for k, v in rates.items() if '.vit.' in k}
    assert len(blocks) == 2 * DEPTH  # what is frozen has none
    for key, rate in blocks.items():
        block = int(re.search(r'blocks\.(\d)', key)[1])
        assert rate == pytest.approx(0.1 * RATE ** (3 - block))


@pytest.mark.parametrize('rate', [None, 0, 1.5, '0.9'])
def test_rates_that_are_none(rate):
    with pytest.raises(ValueError, match=r'layer_decay_rate.*in \(0, 1\]'):
        rates_of(network(), layer_decay_rate=rate)


def test_a_backbone_without_layers_is_named():
    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.backbone = nn.Conv2d(3, 4, 1)

    with pytest.raises(
        TypeError, match='get_layer_depth.*found Conv2d.*StudentOptimWrapper'
    ):
        rates_of(Model())


def test_config_of_the_package():
    """24 blocks, 0.9 from one to the next, a tenth of the head's rate."""
    init_default_scope('mmseg')
    cfg = Config.fromfile(
        ROOT
        / 'configs/mic'
        / 'mic_daformer_blda_dinov2-l_40k_gta2cityscapes-512x512.py'
    )
    cfg.model.segmentor.backbone.pretrained = False
    with torch.device('meta'):
        model = MODELS.build(cfg.model)
    optimizer = build_optim_wrapper(model, cfg.optim_wrapper).optimizer
    found = {
        parameter: group['lr']
        for group in optimizer.param_groups
        for parameter in group['params']
    }
    vit = model.student.backbone.vit
    for i, block in enumerate(vit.blocks):
        for parameter in block.parameters():
            expected = 7.07e-6 * 0.9 ** (24 - i)
            assert found[parameter] == pytest.approx(expected)
    assert found[vit.pos_embed] == pytest.approx(7.07e-6 * 0.9**25)
    assert found[vit.norm.weight] == pytest.approx(7.07e-6)
    others = [*model.student.decode_head.parameters()]
    others += model.student.backbone.pyramid.parameters()
    assert {found[p] for p in others} == {7.07e-5}
    trained = sum(p.requires_grad for p in model.trainable.parameters())
    assert len(found) == trained
