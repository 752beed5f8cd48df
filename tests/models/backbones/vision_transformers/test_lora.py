"""Low-rank updates: what is trained, what is kept, and what is merged."""

import copy

import pytest
import torch
from torch import nn

from mmseg_balance.models.backbones import TimmViTPyramid
from mmseg_balance.models.backbones.vision_transformers import (
    LoRA,
    LoRALinear,
)

TINY = dict(embed_dim=24, depth=3, num_heads=3, img_size=64, out_channels=8)
NAMES = (
    'vit_small_patch14_dinov2',
    'vit_small_patch16_dinov3',
    'vit_small_patch16_dinov3_qkvb',
    'eva02_base_patch14_224',
)


def adapted(name=NAMES[0], **kwargs):
    adapter = dict(type='LoRA', rank=3, alpha=6, **kwargs)
    return TimmViTPyramid(name, adapter=adapter, **TINY)


def trained(backbone):
    """Updates that are not zero."""
    for module in backbone.modules():
        if isinstance(module, LoRALinear):
            nn.init.normal_(module.lora_b)
    return backbone


@pytest.mark.parametrize('name', NAMES)
def test_starts_as_the_network_and_trains_the_updates_alone(name):
    backbone = adapted(name)
    plain = TimmViTPyramid(name, **TINY)
    keys = plain.load_state_dict(backbone.state_dict(), strict=False)
    assert not keys.missing_keys  # the names of the weights stay
    assert all('lora_' in key for key in keys.unexpected_keys)
    images = torch.randn(2, 3, 56, 56)
    for own, other in zip(
        backbone.eval()(images), plain.eval()(images), strict=True
    ):
        torch.testing.assert_close(own, other)

    nn.init.normal_(backbone.pyramid.levels[2][0].weight)
    trained(backbone)
    sum(x.square().mean() for x in backbone.train()(images)).backward()
    for key, parameter in backbone.vit.named_parameters():
        assert parameter.requires_grad == ('lora_' in key), key
        assert (parameter.grad is not None) == ('lora_' in key), key
        if 'lora_' in key:
            assert parameter.grad.abs().max() > 0, key
    fixed = sum(p.numel() for p in backbone.fixed_parameters)
    assert fixed == sum(p.numel() for p in plain.vit.parameters())
    assert backbone.vit.training  # drop paths and dropout of updates are on


def test_layer_is_that_of_its_formula():
    linear = nn.Linear(5, 4)
    layer = trained(nn.Sequential(LoRALinear(linear, 2, 0.5)))[0]
    x = torch.randn(3, 5)
    weight = linear.weight + 0.5 * layer.lora_b @ layer.lora_a
    expected = torch.einsum('ni,oi->no', x, weight) + linear.bias
    torch.testing.assert_close(layer(x), expected)


def test_updates_are_drawn_as_weights_of_linear_layers():
    torch.manual_seed(0)
    layer = LoRALinear(nn.Linear(400, 30), 16, 1.0)
    assert torch.count_nonzero(layer.lora_b) == 0
    # uniform in +- 1 / sqrt(inputs)
    drawn = layer.lora_a.detach()
    assert drawn.abs().max() == pytest.approx(0.05, rel=0.01)
    assert drawn.std() == pytest.approx(0.05 / 3**0.5, rel=0.05)


@pytest.mark.parametrize('name', NAMES)
@pytest.mark.parametrize('targets', [None, ('proj', 'fc1')])
def test_merged_weights_predict_the_same(name, targets):
    if targets and name.startswith('eva02'):
        targets = ('proj', 'fc1_g')
    backbone = trained(
        adapted(name, **({'targets': targets} if targets else {}))
    )
    plain = TimmViTPyramid(name, **TINY)
    state = {f'backbone.{k}': v for k, v in backbone.state_dict().items()}
    merged = LoRA(rank=3, alpha=6).merged(state)
    plain.load_state_dict(
        {k.removeprefix('backbone.'): v for k, v in merged.items()}
    )
    images = torch.randn(2, 3, 56, 56)
    with torch.no_grad():
        before = adapted(name)(images)
        for own, other, unlike in zip(
            backbone.eval()(images), plain.eval()(images), before, strict=True
        ):
            torch.testing.assert_close(own, other, rtol=1e-4, atol=1e-4)
            assert (own - unlike).abs().max() > 0.01


def test_weights_without_updates_are_not_merged():
    plain = TimmViTPyramid(NAMES[0], **TINY).state_dict()
    with pytest.raises(ValueError, match='no key ends with lora_a or lora_b'):
        LoRA().merged(plain)
    half = adapted().state_dict()
    key = next(key for key in half if key.endswith('lora_b'))
    del half[key]
    with pytest.raises(ValueError, match=f"'{key}' missing"):
        LoRA().merged(half)


def test_copies_are_of_their_own():
    backbone = trained(adapted())
    other = copy.deepcopy(backbone)
    images = torch.randn(1, 3, 28, 28)
    before = other.eval()(images)[0]
    with torch.no_grad():
        for parameter in backbone.parameters():
            parameter.add_(1)
    assert torch.equal(other(images)[0], before)


@pytest.mark.parametrize(
    'kwargs, message',
    [
        (dict(rank=0), '`rank` of LoRA to be 1 at least'),
        (dict(rank=2.5), '`rank` of LoRA to be 1 at least'),
        (dict(alpha=0), '`alpha` of LoRA to be above 0'),
        (dict(dropout=1), r'`dropout` of LoRA in \[0, 1\)'),
    ],
)
def test_settings_out_of_range(kwargs, message):
    with pytest.raises(ValueError, match=message):
        LoRA(**kwargs)


def test_networks_that_have_nothing_to_adapt():
    with pytest.raises(
        ValueError, match='no layer qkv or q_proj.*of which it has none'
    ):
        LoRA().adapt(nn.Sequential(nn.Conv2d(3, 4, 1)))
    with pytest.raises(
        ValueError, match='no layer query in VisionTrans.*fc1, fc2, proj, qkv'
    ):
        adapted(targets=('query',))
    with pytest.raises(ValueError, match='`rank` of LoRA is 30.*24 inputs'):
        TimmViTPyramid(NAMES[0], adapter=dict(type='LoRA', rank=30), **TINY)
