"""CDAC against the public code, and what it does beside."""

import pytest
import torch
from helpers.mit_layout import original_layout
from helpers.public_parameters import parameters_by_rule
from helpers.reference import corner, reference, whole_files
from mmengine.config import ConfigDict
from mmseg.registry import MODELS
from torch import nn

from mmseg_balance.models.backbones import (
    FusedMixVisionTransformer,
    cross_domain_features,
    mmseg_mit_keys,
)
from mmseg_balance.models.uda.distances.attention_consistency import (
    attention_logits,
)
from mmseg_balance.models.uda.objectives import class_mixed
from mmseg_balance.models.uda.objectives.step import UDAStep

BN = dict(type='BN', requires_grad=True)
THINGS = [6, 7, 11, 12, 13, 14, 15, 16, 17, 18]
SEGMENTOR = dict(
    type='EncoderDecoder',
    data_preprocessor=dict(type='SegDataPreProcessor', size=(96, 96)),
    backbone=dict(type='UnevenTransformer'),
    decode_head=dict(
        type='DAFormerHead',
        in_channels=[8, 16, 20, 32],
        in_index=[0, 1, 2, 3],
        channels=16,
        dropout_ratio=0.0,
        num_classes=19,
        norm_cfg=BN,
        align_corners=False,
        decoder_params=dict(
            embed_dims=16,
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
    test_cfg=dict(mode='whole'),
)


@MODELS.register_module()
class UnevenTransformer(FusedMixVisionTransformer):
    """The tiny network of the public code: 8 channels a head, then 4."""

    def __init__(self):
        super().__init__(embed_dims=8, num_layers=[1] * 4)
        channels, layers = 3, nn.ModuleList()
        for width, heads, depth, ratio in (
            (8, 1, 1, 8),
            (8, 2, 2, 4),
            (4, 5, 1, 2),
            (4, 8, 1, 1),
        ):
            stage = FusedMixVisionTransformer(
                in_channels=channels,
                embed_dims=width,
                num_stages=1,
                num_layers=[depth],
                num_heads=[heads],
                patch_sizes=[3 if layers else 7],
                strides=[2 if layers else 4],
                sr_ratios=[ratio],
                out_indices=(0,),
                qkv_bias=True,
            )
            layers.extend(stage.layers)
            channels = width * heads
        self.layers = layers


@pytest.fixture(
    scope='module',
    params=['cdac_train_step', *whole_files('cdac_train_step')],
)
def arrays(request):
    return reference(request.param)


def public_shapes(student):
    """Shapes by the keys of the public code."""
    part = 'backbone.'
    backbone = original_layout(student.backbone.state_dict())
    others = student.state_dict().items()
    return {part + k: tuple(v.shape) for k, v in backbone.items()} | {
        k: tuple(v.shape) for k, v in others if not k.startswith(part)
    }


def public_state(student, prefix=''):
    """Parameters by the rule for a segmentor, named with a prefix."""
    part, shapes = 'backbone.', public_shapes(student)
    found = parameters_by_rule(
        [prefix + name for name in shapes], shapes.values()
    )
    found = {k.removeprefix(prefix): v for k, v in found.items()}
    weights = mmseg_mit_keys(
        {
            k.removeprefix(part): found.pop(k)
            for k in list(found)
            if k.startswith(part)
        }
    )
    return {part + k: v for k, v in weights.items()} | found


def public_gradient(gradients, name):
    """The gradient of what the public code calls ``name``."""
    if name in gradients:
        return gradients[name]
    part, key = name.split('.', 1)
    if '.attn.q.' in key or '.attn.kv.' in key:
        stage, block = key.removeprefix('block').split('.')[:2]
        packed = gradients[
            f'backbone.layers.{int(stage) - 1}.1.{block}'
            '.attn.attn.in_proj_weight'
        ]
        width = len(packed) // 3
        return packed[:width] if '.attn.q.' in key else packed[width:]
    new = next(iter(mmseg_mit_keys({key: torch.zeros(1)})))
    return gradients[f'{part}.{new}']


@pytest.fixture
def model(arrays):
    """The student, teacher and frozen network of the reference run."""
    model = MODELS.build(
        ConfigDict(
            type='CDAC',
            segmentor=SEGMENTOR,
            feature_distance=dict(classes=THINGS),
            pseudo_threshold=0.08,
            ignore_top=4,
            ignore_bottom=12,
            cross_attention=dict(augmentation=None),
        )
    )
    names = set(arrays['student_param_names'])
    assert set(public_shapes(model.student)) == names
    model.student.load_state_dict(public_state(model.student))
    model.teacher.load_state_dict(public_state(model.student, 'ema.'))
    frozen = {
        k.removeprefix('backbone.'): v
        for k, v in public_state(model.student, 'imnet.').items()
        if k.startswith('backbone.')
    }
    model.objectives[0].feature_distance.backbone.load_state_dict(frozen)
    return model.train()


def close(found, expected, tolerance=1e-4):
    scale = min(1, float(expected.abs().max()))
    torch.testing.assert_close(
        corner(found, expected),
        expected,
        rtol=tolerance,
        atol=tolerance * scale,
    )


def test_streams_agree_with_the_public_code(arrays, model):
    student = model.student.eval()
    with torch.no_grad():
        features = cross_domain_features(
            student.backbone, arrays['img'], arrays['target_img']
        )
        logits = student.encode_decode(
            arrays['img'], [dict(img_shape=(96, 96))]
        )
    close(logits[..., ::4, ::4], arrays['eval_encode_decode_src_stride4'])
    streams = dict(
        src=features.source,
        mix=features.mixed,
        t2s=features.mixed_to_source,
        s2t=features.source_to_mixed,
    )
    for name, stream in streams.items():
        for level in (1, 3):
            close(stream[level], arrays[f'eval_feat{level}_{name}'])
        for level in (0, 2):
            maps = stream[level].flatten(2)
            spread = torch.stack([maps.mean(2), maps.std(2)])
            expected = arrays[f'eval_feat{level}_{name}_mean_std']
            close(spread, expected.view_as(spread))
    last = features.attention[-1]
    close(
        attention_logits(last.queries, last.keys).softmax(-1),
        arrays['eval_attn_last_mix'],
    )
    shapes = [
        str((*r.queries.shape[:3], r.keys.shape[2]))
        for r in features.attention
    ]
    assert shapes == list(arrays['eval_attn_shapes'])


def cross_the_kink(student):
    """Switch on the one ReLU whose input is 0 up to rounding.

    Of the mixed stream, image 0, channel 39 (the third stage): -1.1e-6 in
    float64, above 0 in the public run. It alone moves the gradients of the
    first three stages by 4e-4 of their largest entry.
    """
    calls = []

    def nudge(_, inputs):
        calls.append(0)
        if len(calls) == 3:  # source, mixed to source, mixed
            nudged = inputs[0].clone()
            assert abs(nudged[0, 39, 14, 9]) < 1e-5
            nudged[0, 39, 14, 9] += 1e-5
            return nudged

    branch = student.decode_head.fuse_layer.aspp_modules[2]
    branch.depthwise_conv.activate.register_forward_pre_hook(nudge)


@pytest.mark.parametrize('with_cp', [False, True])
def test_a_step_agrees_with_the_public_code(
    arrays, model, monkeypatch, with_cp
):
    student, objective = model.student, model.objectives[0]
    student.backbone.with_cp = with_cp
    mask = arrays['mix_mask'][:, 0] > 0
    monkeypatch.setattr(class_mixed, 'draw_mix_masks', lambda _: mask)
    with objective.labelling(model.teacher) as attention:
        logits = model.teacher_logits(arrays['target_img'])
    close(logits[..., ::4, ::4], arrays['teacher_logits_target_stride4'])
    step = UDAStep(
        arrays['img'],
        arrays['gt'][:, 0],
        arrays['target_img'],
        torch.ones_like(mask),
        model.label_target(logits, torch.ones_like(mask)),
        records={objective: attention},
    )
    assert torch.equal(step.pseudo.labels, arrays['teacher_pseudo_label'])
    close(step.pseudo.weight.masked_fill(mask, 1.0), arrays['tgt_seg_weight'])

    cross_the_kink(student)
    losses = objective(student, step)
    for own, public in dict(
        src='src', t2s='t2s', mix='tgt', s2t='s2t'
    ).items():
        expected = arrays[f'log_cda.{public}.decode.loss_seg']
        close(losses[f'{own}.decode.loss_ce'], expected)
    close(losses['loss_attention'], arrays['log_attn.loss_attn'])
    close(
        losses['loss_feature_distance'],
        arrays['log_src.loss_imnet_feat_dist'],
    )

    streams = sum(v for k, v in losses.items() if k.endswith('loss_ce'))
    close(streams, arrays['log_loss'])
    parameters = dict(student.named_parameters())
    total = {}
    for kind, loss in dict(
        cda=streams,
        attn=losses['loss_attention'],
        total=losses['loss_feature_distance'],
    ).items():
        gradients = torch.autograd.grad(
            loss,
            parameters.values(),
            retain_graph=True,
            allow_unused=True,
            materialize_grads=True,
        )
        own = dict(zip(parameters, gradients))
        total = {k: total.get(k, 0) + v for k, v in own.items()}
        compared = [k for k in arrays if k.startswith(f'grad_{kind}::')]
        assert len(compared) == 6
        for key in compared:
            found = public_gradient(
                total if kind == 'total' else own, key.split('::')[1]
            )
            close(found, arrays[key])
    norm = student.decode_head.fuse_layer.bottleneck.bn
    expected = 'student_bn_running_mean_after::decode_head.fuse_layer'
    close(norm.running_mean, arrays[f'{expected}.bottleneck.bn'])
    assert norm.num_batches_tracked == 4
    # the public teacher's head sees the source images as well
    assert (
        model.teacher.decode_head.fuse_layer.bottleneck.bn.num_batches_tracked
        == 1
    )
