"""Context and detail crop of HRDA in one pass of the backbone."""

import pytest
import torch
from mmengine.registry import init_default_scope
from mmseg.registry import MODELS

from mmseg_balance.models.backbones import FusedMixVisionTransformer
from mmseg_balance.models.segmentors import hrda_encoder_decoder

SIDE = 64


def build(neck=None, detail=SIDE // 2, **backbone):
    init_default_scope('mmseg')
    torch.manual_seed(0)
    head = dict(
        type='SegformerHead',
        in_channels=[8, 16, 40, 64],
        in_index=[0, 1, 2, 3],
        channels=8,
        norm_cfg=dict(type='BN'),
    )
    model = MODELS.build(
        dict(
            type='HRDAEncoderDecoder',
            detail_crop_size=(detail, detail),
            backbone=dict(
                type='FusedMixVisionTransformer',
                embed_dims=8,
                num_layers=[1, 1, 1, 1],
                num_heads=[1, 2, 5, 8],
                **backbone,
            ),
            neck=neck,
            decode_head=dict(
                type='HRDAHead', head=head, attention=0.5, num_classes=3
            ),
        )
    )
    for parameter in model.parameters():
        parameter.data += 0.1 * torch.randn_like(parameter)
    return model.train()


@pytest.fixture
def passes(monkeypatch):
    """Batch sizes that the backbone is given; the CPU taken for a GPU."""
    monkeypatch.setattr(hrda_encoder_decoder, 'runs_kernels', lambda x: True)
    sizes = []

    def watch(model):
        model.backbone.register_forward_pre_hook(
            lambda _, args: sizes.append(len(args[0]))
        )
        return sizes

    return watch


def learn(model):
    torch.manual_seed(3)
    features = model.extract_train_feat(torch.randn(2, 3, SIDE, SIDE))
    maps = [*features.context, *features.detail[0]]
    torch.manual_seed(4)
    model.zero_grad()
    sum((m * torch.randn_like(m)).sum() for m in maps).backward()
    grads = {k: p.grad for k, p in model.backbone.named_parameters()}
    return maps, grads, torch.rand(1)


@pytest.mark.parametrize('with_cp', [False, True])
def test_one_pass_gives_what_two_give(passes, monkeypatch, with_cp):
    model = build(drop_path_rate=0.5, with_cp=with_cp)
    sizes = passes(model)
    found = learn(model)
    assert sizes == [4]
    monkeypatch.undo()
    expected = learn(model)
    assert sizes == [4, 2, 2]
    torch.testing.assert_close(found, expected, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize(
    'settings',
    [
        dict(detail=48),
        dict(drop_rate=0.5),
        dict(attn_drop_rate=0.5),
        dict(neck=dict(type='FPN', in_channels=[8, 16, 40, 64],
                       out_channels=8, num_outs=4)),
    ],
    ids=['other size', 'dropout', 'dropout of attention', 'neck'],
)  # fmt: skip
def test_what_would_not_be_the_same_takes_two(passes, settings):
    model = build(**settings)
    sizes = passes(model)
    model.extract_train_feat(torch.randn(2, 3, SIDE, SIDE))
    assert sizes == [2, 2]


def test_a_backbone_with_a_forward_of_its_own_takes_two(passes):
    class Own(FusedMixVisionTransformer):
        def forward(self, x):
            return super().forward(x)

    model = build()
    model.backbone.__class__ = Own
    sizes = passes(model)
    model.extract_train_feat(torch.randn(2, 3, SIDE, SIDE))
    assert sizes == [2, 2]


def test_on_a_cpu_there_are_two():
    model = build()
    sizes = []
    model.backbone.register_forward_pre_hook(
        lambda _, args: sizes.append(len(args[0]))
    )
    model.extract_train_feat(torch.randn(2, 3, SIDE, SIDE))
    assert sizes == [2, 2]
