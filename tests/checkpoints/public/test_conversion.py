"""Every key of a public checkpoint is converted, or accounted for."""

import re

import numpy as np
import pytest
import torch
from helpers.public_layouts import (
    DEPTHS,
    affine,
    daformer,
    public_mit,
    refusal,
    uda,
    under,
)
from mmseg.registry import MODELS

from mmseg_balance.checkpoints.public.conversion import convert_checkpoint
from mmseg_balance.checkpoints.public.keys import segmentor_keys
from mmseg_balance.checkpoints.public.matching_configs import part_options


def test_every_key_is_counted(save_public):
    state = uda('model', 'ema_model', 'imnet_model', 'mic.teacher.ema_model')
    state['model.decode_head.conv_reg.weight'] = torch.rand(1, 32, 1, 1)
    state['model.auxiliary_head.conv_seg.weight'] = torch.rand(2)
    one = len(daformer())
    converted = convert_checkpoint(save_public(state))
    assert converted.found == dict(student=one, teacher=one)
    assert sorted(converted.dropped.values()) == [1, 1, one, one]
    assert sum(converted.dropped.values()) + 2 * one == len(state)
    parts = {key.split('.')[0] for key in converted.weights}
    assert parts == {'student', 'teacher'}


def test_student_and_teacher_keep_their_own_values(save_public):
    body = daformer()
    weights = convert_checkpoint(
        save_public(uda('model', 'ema_model', body=body))
    ).weights
    key = 'decode_head.embed_layers.2.proj.weight'
    assert torch.equal(weights[f'student.{key}'], body[key] + len('model'))
    assert torch.equal(weights[f'teacher.{key}'], body[key] + len('ema_model'))


@pytest.mark.parametrize('part', ['student', 'teacher'])
def test_one_part_alone(save_public, part):
    path = save_public(uda('model', 'ema_model'))
    both = convert_checkpoint(path).weights
    converted = convert_checkpoint(path, part)
    wanted = {k: v for k, v in both.items() if k.startswith(part)}
    assert converted.weights.keys() == wanted.keys()
    for key, value in wanted.items():
        assert torch.equal(converted.weights[key], value)
    assert list(converted.dropped.values()) == [len(daformer())]
    assert part_options(converted) == (
        ['model.predict_with=teacher'] if part == 'teacher' else []
    )


def test_plain_segmentor_is_a_student(save_public):
    converted = convert_checkpoint(save_public(under('module.', daformer())))
    assert converted.found == dict(student=len(daformer()))
    message = refusal(save_public(daformer()), 'teacher')
    assert 'has no teacher (keys ema_model.*), but a student' in message


@pytest.mark.parametrize(
    'name',
    [
        'backbone.block1.0.attn.extra',
        'backbone.patch_embed1.extra',
        'decode_head.extra',
        'decode_head.fuse_layer.extra',
        'decode_head.embed_layers.3.extra',
        'extra',
    ],
)
def test_one_unknown_key(save_public, name):
    for prefix in ('model.', ''):
        state = under(prefix, daformer() | {name: torch.rand(2)})
        message = refusal(save_public(state))
        last = name.removeprefix('backbone.')
        assert last in message and 'more' not in message
        assert 'public.pth' in message


def test_many_unknown_keys_are_counted(save_public):
    state = uda('model') | {f'other.{i}': torch.rand(1) for i in range(9)}
    message = refusal(save_public(state))
    assert "'other.0', 'other.1', 'other.2' and 6 more" in message


def test_each_missing_key_is_named(save_public):
    """As the original spells it, or as MMSegmentation 1.x does."""
    whole = daformer()
    new = segmentor_keys(whole)[0].keys()
    for key in whole:
        body = {k: v for k, v in whole.items() if k != key}
        path = save_public(uda('model', body=body))
        if key.endswith('num_batches_tracked'):
            assert convert_checkpoint(path).found == dict(student=len(body))
            continue
        message = refusal(path)
        names = {key}
        if not re.search(r'attn\.(q|kv)', key):  # packed into one
            names |= new - segmentor_keys(body)[0].keys()
        ends = [f"{name.split('.', 1)[1]}'" for name in names]
        assert any(end in message for end in ends), key
        assert 'missing' in message


def test_teacher_is_checked_as_well(save_public):
    state = uda('model', 'ema_model')
    del state['ema_model.decode_head.conv_seg.bias']
    message = refusal(save_public(state))
    assert (
        "its teacher does not fit the network: 'decode_head.conv_seg.bi"
        in (message)
    )
    assert convert_checkpoint(save_public(state), 'student').found


def test_other_shapes(save_public):
    state = uda('model', 'ema_model')
    key = 'ema_model.decode_head.embed_layers.0.proj.weight'
    state[key] = torch.rand(32, 9)
    assert 'has shape (32, 9), in the model (32, 8)' in refusal(
        save_public(state)
    )


def test_names_of_classes(save_public):
    converted = convert_checkpoint(save_public(uda('model')))
    meta = converted.meta['dataset_meta']
    assert meta['classes'][:2] == ['road', 'sidewalk']
    assert meta['palette'][0] == [128, 64, 128]
    names = tuple(map(str, range(19)))
    palette = np.arange(57).reshape(19, 3)
    converted = convert_checkpoint(
        save_public(uda('model'), CLASSES=names, PALETTE=palette)
    )
    assert converted.meta['dataset_meta'] == dict(
        classes=list(names), palette=palette.tolist()
    )
    message = refusal(save_public(uda('model'), CLASSES=names[:16]))
    assert 'has 19 classes, but 16 names' in message
    message = refusal(save_public(uda('model', body=daformer(classes=5))))
    assert "5 classes and no meta['CLASSES']" in message


def test_empty_names_of_classes_are_none(save_public):
    path = save_public(uda('model'), CLASSES=(), PALETTE=None)
    known = convert_checkpoint(path).meta['dataset_meta']
    assert known['classes'][0] == 'road' and len(known['classes']) == 19


def test_imagenet_file_of_a_mit(tmp_path):
    path = tmp_path / 'mit.pth'
    state = public_mit()
    torch.save(state | affine('head', 1000, 64), path)
    converted = convert_checkpoint(path)
    assert converted.found == dict(backbone=len(state))
    assert dict(converted.dropped) == {'the ImageNet classifier': 2}
    backbone = dict(
        type='MixVisionTransformer',
        embed_dims=8,
        num_layers=list(DEPTHS),
        num_heads=[1, 2, 5, 8],
        init_cfg=dict(type='Pretrained', checkpoint=str(tmp_path / 'out.pth')),
    )
    torch.save(
        dict(state_dict=converted.weights, meta={}), tmp_path / 'out.pth'
    )
    stock = MODELS.build(backbone)
    stock.init_weights()
    original = MODELS.build(
        dict(
            backbone,
            type='FusedMixVisionTransformer',
            init_cfg=dict(type='Pretrained', checkpoint=str(path)),
        )
    )
    original.init_weights()
    assert stock.state_dict().keys() == converted.weights.keys()
    for key, value in stock.state_dict().items():
        assert torch.equal(value, converted.weights[key])
        assert torch.equal(value, original.state_dict()[key])
    assert 'ImageNet file of a MiT' in refusal(path, 'student')
    torch.save(state | affine('neck', 2, 2), path)
    assert 'neck.weight' in refusal(path)
    del state['norm4.bias']
    torch.save(state, path)
    assert "'layers.3.2.bias' is missing" in refusal(path)
