"""Keys of MiT files: the original layout and MMSegmentation's."""

import re

import pytest
import torch
from helpers.mit_layout import original_layout
from helpers.reference import reference
from mmseg.models.backbones import MixVisionTransformer

from mmseg_balance.models.backbones import is_original_mit, mmseg_mit_keys

TINY = dict(embed_dims=8, num_layers=[2, 1, 1, 1], num_heads=[1, 2, 5, 8])


@pytest.fixture
def weights():
    return MixVisionTransformer(**TINY).state_dict()


@pytest.fixture
def original(weights):
    return original_layout(weights)


def test_there_and_back_is_the_same(weights, original):
    kept = {k: v.clone() for k, v in original.items()}
    converted = mmseg_mit_keys(original)
    assert converted.keys() == weights.keys()
    for key, value in weights.items():
        assert torch.equal(converted[key], value), key
    assert original.keys() == kept.keys()
    assert all(torch.equal(original[k], v) for k, v in kept.items())


def test_original_keys_are_those_of_the_public_code(original):
    data = reference('model_tiny_mit_daformer')
    names = {
        n.removeprefix('backbone.')
        for n in map(str, data['param_names'])
        if n.startswith('backbone.')
    }
    once = {n for n in names if not re.match(r'block[234]\.1\.', n)}
    assert set(original) == once


def test_layouts_are_told_apart(weights, original):
    assert is_original_mit(original)
    assert not is_original_mit(weights)
    assert not is_original_mit({})


def test_the_classifier_is_left_out(weights, original):
    original['head.weight'] = torch.zeros(1000, 64)
    original['head.bias'] = torch.zeros(1000)
    assert mmseg_mit_keys(original).keys() == weights.keys()


@pytest.mark.parametrize(
    'key',
    [
        'decode_head.conv_seg.weight',
        'backbone.norm1.weight',
        'block1.0.attn.qkv.weight',
        'norm1.weight.momentum',
        'layers.0.0.norm.weight',
    ],
)
def test_unknown_keys_are_named(original, key):
    original[key] = torch.zeros(1)
    with pytest.raises(ValueError, match=re.escape(repr(key))):
        mmseg_mit_keys(original)


def test_many_unknown_keys_are_counted(original):
    wrong = {f'backbone.{k}': v for k, v in original.items()}
    count = len(wrong) - 3
    with pytest.raises(ValueError, match=f'and {count} more.*prefix'):
        mmseg_mit_keys(wrong)


@pytest.mark.parametrize('part', ['q', 'kv'])
def test_a_lone_projection_is_named(original, part):
    key = f'block2.0.attn.{part}.bias'
    del original[key]
    with pytest.raises(ValueError, match=f"'{re.escape(key)}' missing"):
        mmseg_mit_keys(original)
