"""Checkpoints of EDAPS: every key of their instance branches is there."""

import pytest
import torch
from helpers.paths import ROOT
from helpers.public_layouts import (
    bottom_up,
    daformer,
    mask_rcnn,
    public_mit,
    refusal,
    uda,
    under,
)
from helpers.public_parameters import parameters_by_rule
from helpers.reference import reference, whole_files
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmseg.registry import MODELS

from mmseg_balance.checkpoints.public.architecture import (
    describe,
    expected_state,
    infer_segmentor,
)
from mmseg_balance.checkpoints.public.conversion import convert_checkpoint
from mmseg_balance.checkpoints.public.keys import segmentor_keys, split_parts
from mmseg_balance.checkpoints.public.matching_configs import evaluation_model

TOP_DOWN = 'top-down'
BODIES = {
    TOP_DOWN: lambda: daformer() | mask_rcnn(),
    'bottom-up': lambda: (
        under('backbone.', public_mit()) | under('decode_head.', bottom_up())
    ),
    'shared': lambda: (
        under('backbone.', public_mit())
        | under('decode_head.', bottom_up(shared=True))
    ),
}


@pytest.fixture(params=list(BODIES))
def body(request):
    if request.param == TOP_DOWN:
        pytest.importorskip('mmdet')
    return BODIES[request.param]()


def test_every_key_is_counted_and_kept(save_public, body):
    parts = ('model', 'ema_model', 'imnet_model')
    state = uda(*parts, body=body)
    converted = convert_checkpoint(save_public(state))
    assert converted.found == dict(student=len(body), teacher=len(body))
    assert sum(converted.dropped.values()) == len(body)
    assert converted.segmentor['type'] == 'PanopticEncoderDecoder'
    assert converted.segmentor['things'] == list(range(11, 19))
    for part, name in (('student', 'model'), ('teacher', 'ema_model')):
        values = [
            value
            for key, value in converted.weights.items()
            if key.startswith(part) and '.backbone.' not in key
        ]
        # all others keep their shapes, in their order
        wanted = [
            value + len(name)
            for key, value in body.items()
            if not key.startswith('backbone.')
        ]
        assert len(values) == len(wanted)
        for found, value in zip(values, wanted, strict=True):
            assert torch.equal(found, value)


def test_a_model_loads_them(save_public, body):
    converted = convert_checkpoint(save_public(uda('model', body=body)))
    init_default_scope('mmseg')
    model = MODELS.build(converted.segmentor)
    model.load_state_dict(
        {
            key.removeprefix('student.'): value
            for key, value in converted.weights.items()
        }
    )
    whole = MODELS.build(evaluation_model(converted))
    left = whole.load_state_dict(converted.weights, strict=False)
    assert not left.unexpected_keys
    assert all(key.startswith('teacher.') for key in left.missing_keys)
    words = converted.network
    kind = converted.segmentor['instance_head']['type']
    assert kind in words and 'DAFormerHead (sepaspp' in words


@pytest.mark.parametrize(
    'name, said',
    [
        ('neck.extra', 'instance_head.neck.extra'),
        ('rpn_head.rpn_cls.extra', 'instance_head.rpn_head.rpn_cls.extra'),
        ('roi_head.extra.weight', 'instance_head.roi_head.extra.weight'),
        ('mask_head.extra', 'mask_head.extra'),
    ],
)
def test_unknown_keys(save_public, name, said):
    pytest.importorskip('mmdet')
    for prefix in ('model.', ''):
        body = BODIES[TOP_DOWN]() | {name: torch.rand(2)}
        message = refusal(save_public(under(prefix, body)))
        assert said in message and 'unknown' in message


@pytest.mark.parametrize(
    'kind, key, named',
    [
        (TOP_DOWN, 'neck.fpn_convs.0.conv.weight', None),
        (TOP_DOWN, 'neck.lateral_convs.3.conv.bias', None),
        (TOP_DOWN, 'rpn_head.rpn_cls.bias', None),
        (TOP_DOWN, 'roi_head.bbox_head.fc_cls.weight', None),
        (TOP_DOWN, 'roi_head.mask_head.upsample.bias', None),
        ('bottom-up', 'decode_head.conv_center.weight', 'conv_center.weight'),
        (
            'bottom-up',
            'decode_head.fuse_layer_instance.bottleneck.bn.running_mean',
            'instance_head.decoder.fuse_layer.bottleneck.bn.running_mean',
        ),
        ('shared', 'decode_head.conv_offset.bias', 'conv_offset.bias'),
        (
            'shared',
            'decode_head.embed_layers_semantic.0.proj.bias',
            'decode_head.embed_layers.0.proj.bias',
        ),
    ],
)
def test_a_missing_key_is_named(save_public, kind, key, named):
    if kind == TOP_DOWN:
        pytest.importorskip('mmdet')
    body = BODIES[kind]()
    del body[key]
    message = refusal(save_public(under('model.', body)))
    assert f"{named or key}' is missing" in message


def test_things_that_no_weight_tells(save_public):
    pytest.importorskip('mmdet')
    body = daformer() | mask_rcnn(things=3)
    message = refusal(save_public(under('model.', body)))
    assert 'which of its 19 classes are the 3 thing classes' in message
    assert '--config' in message


@pytest.mark.parametrize('name', whole_files('panoptic/uda_step_a'))
def test_the_names_of_the_public_code(name):
    """Those of a student, a teacher and an ImageNet network."""
    names = [str(n) for n in reference(name)['param_names']]
    state = dict.fromkeys(names, torch.zeros(0))
    parts, dropped = split_parts(state)
    assert {k: len(v) for k, v in parts.items()} == dict(
        student=176, teacher=176
    )
    assert list(dropped.values()) == [176]
    # the same as those written down by hand
    public = daformer() | mask_rcnn()
    buffers = ('running_mean', 'running_var', 'num_batches_tracked')
    others = {k for k in public if not k.startswith('backbone.')}
    assert {k for k in others if not k.endswith(buffers)} == {
        k for k in parts['student'] if not k.startswith('backbone.')
    }


@pytest.mark.parametrize('name', whole_files('panoptic/heads_forward_a'))
def test_outputs_of_the_public_code(name, save_public):
    """Heads with the parameters of a reference run, in a converted file."""
    pytest.importorskip('mmdet')
    arrays = reference(name)
    shapes = [
        tuple(map(int, filter(None, text.split('x'))))
        for text in arrays['param_shapes'].tolist()
    ]
    heads = parameters_by_rule(arrays['param_names'], shapes)
    dims = (8, 16, 24, 32)
    backbone = public_mit(dims, depths=(1, 1, 1, 1))
    state = under('model.', heads | under('backbone.', backbone))
    converted = convert_checkpoint(save_public(state))
    init_default_scope('mmseg')
    model = MODELS.build(converted.segmentor).eval()
    model.load_state_dict(
        {
            key.removeprefix('student.'): value
            for key, value in converted.weights.items()
        }
    )
    features = [arrays[f'feat_{i}'] for i in range(4)]
    branch = model.instance_head
    with torch.no_grad():
        close(model.decode_head(features), arrays['seg_logits'])
        levels = branch.neck(features)
        scores, deltas = branch.rpn_head(levels)
        for i, level in enumerate(levels):
            close(level, arrays[f'fpn_{i}'])
            close(scores[i], arrays[f'rpn_cls_{i}'])
            close(deltas[i], arrays[f'rpn_bbox_{i}'])
        size = dict(img_shape=(64, 96), pad_shape=(64, 96))
        metas = [size | dict(ori_shape=(64, 96), padding_size=[0] * 4)]
        (found,) = branch.detect(features, metas)
    # two of the 100 have nearly one score, and no order
    boxes = [found.bboxes, found.scores[:, None], found.labels[:, None]]
    wanted = [arrays['det_bboxes'], arrays['det_labels'].reshape(-1, 1)]
    apart = torch.cdist(
        torch.cat(boxes, 1),
        torch.cat(wanted, 1),
        compute_mode='donot_use_mm_for_euclid_dist',
    )
    assert apart.min(0).values.max() < 5e-4
    assert apart.min(1).values.max() < 5e-4


def close(found, expected):
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-5)


def public_mit_b5():
    """The whole network of EDAPS, names and shapes alone."""
    dims = (64, 128, 320, 512)
    daformer_b5 = ROOT / 'configs/_base_/models/daformer_mit-b5.py'
    segmentor = Config.fromfile(daformer_b5).model.segmentor
    with torch.device('meta'):
        return (
            under('backbone.', public_mit(dims, (3, 6, 40, 3)))
            | mask_rcnn(dims, width=256, fc=1024)
            | {
                key: value
                for key, value in expected_state(segmentor).items()
                if key.startswith('decode_head.')
            }
        )


def test_mit_b5_of_the_public_configs():
    pytest.importorskip('mmdet')
    weights, dropped = segmentor_keys(public_mit_b5())
    assert not dropped
    segmentor = infer_segmentor(weights)
    assert describe(segmentor) == (
        'MiT-B5 with DAFormerHead (sepaspp fusion, 256 channels) and '
        'MaskRCNNHead (256 channels), 19 classes'
    )
    shapes = {k: v.shape for k, v in expected_state(segmentor).items()}
    assert {k: v.shape for k, v in weights.items()} == shapes
