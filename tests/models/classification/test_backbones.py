"""Backbones of classifiers, and how weights of others lie in them."""

import pytest
import timm
import torch
import torchvision
from helpers.paths import ROOT
from helpers.tiny_classifiers import classifier_cfg
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmseg.registry import MODELS

from mmseg_balance.checkpoints.initial.timm_weights import keep_from_fetching


@pytest.fixture(autouse=True)
def _scope():
    init_default_scope('mmseg')


def segmentor(name):
    file = ROOT / f'configs/_base_/models/classifier_{name}.py'
    return Config.fromfile(file).model.segmentor


def same_weights(network):
    """Random weights and statistics of a network, as a state dict."""
    generator = torch.Generator().manual_seed(0)
    return {
        key: torch.rand(value.shape, generator=generator) * 0.2
        if value.is_floating_point()
        else value
        for key, value in network.state_dict().items()
    }


def test_resnet_takes_the_weights_of_torchvision():
    cfg = segmentor('r101')
    cfg.backbone.update(depth=18, init_cfg=None)
    backbone = MODELS.build(cfg.backbone)
    backbone.eval()
    public = torchvision.models.resnet18().eval()
    state = same_weights(public)
    public.load_state_dict(state)
    left = backbone.load_state_dict(state, strict=False)
    assert left.missing_keys == []
    # the public code keeps it, without a gradient and without a use
    assert left.unexpected_keys == ['fc.weight', 'fc.bias']
    images = torch.randn(2, 3, 64, 64)
    public.fc, public.avgpool = torch.nn.Identity(), torch.nn.Identity()
    (found,) = backbone(images)
    torch.testing.assert_close(found.flatten(1), public(images))


def test_resnet_101_has_the_layout_of_torchvision():
    with torch.device('meta'):
        backbone = MODELS.build(segmentor('r101').backbone)
        public = torchvision.models.resnet101()
    shapes, expected = (
        {k: v.shape for k, v in network.state_dict().items()}
        for network in (backbone, public)
    )
    assert expected.pop('fc.weight') == (1000, 2048)
    assert expected.pop('fc.bias') == (1000,)
    assert shapes == expected


def test_the_class_token_of_vit():
    cfg = segmentor('vit-b16')
    cfg.backbone.update(pretrained=False, depth=2, img_size=32)
    cfg.data_preprocessor.size = (32, 32)
    cfg.decode_head.loss_decode = dict(type='CrossEntropyLoss')
    model = MODELS.build(cfg).eval()
    public = timm.create_model(
        'vit_base_patch16_224', depth=2, img_size=32, num_classes=0
    ).eval()
    public.load_state_dict(model.backbone.timm_model.state_dict())
    images = torch.randn(2, 3, 32, 32)
    (tokens,) = model.extract_feat(images)
    assert tokens.shape == (2, 1 + 4, 768)
    torch.testing.assert_close(
        model.decode_head.pooled(tokens), public(images)
    )
    assert model(images).shape == (2, 12, 1, 1)


def test_vit_has_the_public_number_of_parameters():
    cfg = segmentor('vit-b16').backbone
    with torch.device('meta'):
        backbone = MODELS.build(dict(cfg, pretrained=False))
    count = sum(p.numel() for p in backbone.parameters())
    assert count == 85_798_656
    names = [type(m).__name__ for m in backbone.modules()]
    assert 'DropPath' not in names
    assert all(m.p == 0 for m in backbone.modules() if hasattr(m, 'p'))


def test_weights_that_a_checkpoint_holds_are_not_fetched():
    cfg = Config(dict(model=dict(segmentor=segmentor('vit-b16'))))
    assert cfg.model.segmentor.backbone.pretrained
    keep_from_fetching(cfg.model)
    assert not cfg.model.segmentor.backbone.pretrained


@pytest.mark.parametrize(
    'backbone, in_channels, pool',
    [
        (dict(type='mmpretrain.ResNet', depth=18), 512, True),
        (
            dict(
                type='mmpretrain.VisionTransformer',
                arch='deit-tiny',
                img_size=32,
                patch_size=16,
            ),
            192,
            False,
        ),
    ],
)
def test_backbones_of_mmpretrain(backbone, in_channels, pool):
    pytest.importorskip('mmpretrain')
    cfg = classifier_cfg(in_channels=in_channels, pool=pool, size=32)
    model = MODELS.build(dict(cfg, backbone=backbone)).eval()
    assert model(torch.randn(2, 3, 32, 32)).shape == (2, 4, 1, 1)
