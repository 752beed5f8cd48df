"""Frozen weights, which student and teacher share, from any checkpoint."""

import pytest
import torch
from mmengine.registry import init_default_scope
from mmseg.registry import MODELS

from mmseg_balance.checkpoints.initial.weights import initial_weights

BACKBONE = dict(
    type='TimmViTPyramid',
    model_name='vit_small_patch14_dinov2',
    embed_dim=24,
    depth=1,
    num_heads=3,
    img_size=56,
    out_channels=8,
)
KEY = 'backbone.vit.blocks.0.attn.qkv.weight'


def dacs(**backbone):
    init_default_scope('mmseg')
    segmentor = dict(
        type='EncoderDecoder',
        data_preprocessor=dict(
            type='SegDataPreProcessor',
            mean=[0.0] * 3,
            std=[1.0] * 3,
            size=(56, 56),
        ),
        backbone=BACKBONE | backbone,
        decode_head=dict(
            type='FCNHead',
            in_channels=8,
            in_index=0,
            channels=8,
            num_classes=3,
            norm_cfg=dict(type='BN'),
        ),
    )
    return MODELS.build(dict(type='DACS', segmentor=segmentor))


def trained(**backbone):
    """Weights of a training: the teacher is not the student any more."""
    model = dacs(**backbone)
    with torch.no_grad():
        for parameter in model.student.parameters():
            if parameter.requires_grad:
                parameter.add_(1)
    return {key: value.clone() for key, value in model.state_dict().items()}


def test_two_values_are_not_loaded_into_one_weight():
    """The teacher's, which come last, would pass for the student's."""
    weights = trained()
    with pytest.raises(
        ValueError, match=r"differ between.*'student\.backbone\.vit.*`frozen`"
    ):
        dacs(frozen=True).load_state_dict(weights)
    other = dacs()
    other.load_state_dict(weights)
    for key, value in other.state_dict().items():
        assert torch.equal(value, weights[key]), key


def test_a_new_training_takes_both_from_the_student():
    weights, model = trained(), dacs(frozen=True)
    taken = initial_weights(model, weights, 'it.pth')
    assert taken.line.count('from its student') == 2
    assert 'its teacher has other weights under student.bac' in taken.line
    model.load_state_dict(taken.state)
    for part in (model.student, model.teacher):
        for key, value in part.state_dict().items():
            assert torch.equal(value, weights[f'student.{key}']), key


def test_weights_that_were_frozen_bring_their_teacher():
    weights, model = trained(frozen=True), dacs(frozen=True)
    taken = initial_weights(model, weights, 'it.pth')
    assert taken.line.endswith('from its teacher; all of it fits')
    model.load_state_dict(taken.state)
    for key, value in model.state_dict().items():
        assert torch.equal(value, weights[key]), key
    # and one of its own, where the transformer is trained from there on
    model = dacs()
    model.load_state_dict(weights)
    student, teacher = (
        dict(part.named_parameters())[KEY]
        for part in (model.student, model.teacher)
    )
    assert student is not teacher
    assert torch.equal(student, teacher)
