"""The head of DAFormer, and its layers against other heads of mmseg."""

import copy
import re

import pytest
import torch
import torch.nn.functional as F
from mmengine.registry import init_default_scope
from mmseg.registry import MODELS
from torch import nn

from mmseg_balance.models.decode_heads.daformer_layers import build_layer

BN = dict(type='BN', requires_grad=True)
RELU = dict(type='ReLU')
MLP = dict(type='mlp', act_cfg=None, norm_cfg=None)
CONV = dict(type='conv', kernel_size=1, act_cfg=RELU, norm_cfg=BN)
ASPP = dict(
    type='aspp',
    sep=True,
    dilations=(1, 6, 12, 18),
    pool=False,
    act_cfg=RELU,
    norm_cfg=BN,
)
RAW = dict(ASPP, type='rawconv_and_aspp', kernel_size=1)
ISA = dict(
    type='isa',
    isa_channels=6,
    key_query_num_convs=1,
    down_factor=(4, 4),
    act_cfg=RELU,
    norm_cfg=BN,
)
IN_CHANNELS = [3, 5, 7, 9]


@pytest.fixture(autouse=True)
def _scope():
    init_default_scope('mmseg')


def head(fusion=ASPP, embed=MLP, neck=MLP, embed_dims=8, **kwargs):
    return MODELS.build(
        dict(
            type='DAFormerHead',
            in_channels=IN_CHANNELS,
            in_index=[0, 1, 2, 3],
            channels=8,
            dropout_ratio=0.1,
            num_classes=4,
            norm_cfg=BN,
            align_corners=False,
            decoder_params=dict(
                embed_dims=embed_dims,
                embed_cfg=embed,
                embed_neck_cfg=neck,
                fusion_cfg=fusion,
                **kwargs.pop('params', {}),
            ),
            loss_decode=dict(type='CrossEntropyLoss'),
            **kwargs,
        )
    )


def levels(n=2, side=32):
    return [
        torch.randn(n, channels, side >> i, side >> i)
        for i, channels in enumerate(IN_CHANNELS)
    ]


def settle(module):
    """Batch norms that change something, in evaluation mode."""
    for child in module.modules():
        if isinstance(child, nn.BatchNorm2d):
            child.running_mean.normal_()
            child.running_var.uniform_(0.5, 2)
            nn.init.normal_(child.weight)
            nn.init.normal_(child.bias)
    return module.eval()


def test_linear_levels_are_embedded_resized_and_fused():
    net = settle(head(CONV, embed_dims=[2, 4, 6, 8]))
    inputs = levels()
    parts = []
    for i, features in enumerate(inputs):
        proj = net.embed_layers[str(i)].proj
        embedded = torch.einsum('nchw,dc->ndhw', features, proj.weight)
        embedded = embedded + proj.bias[:, None, None]
        parts.append(
            F.interpolate(embedded, (32, 32), mode='bilinear').contiguous()
        )
    joined = torch.cat(parts, 1)
    assert joined.shape[1] == 20
    fuse = net.fuse_layer
    fused = F.relu(fuse.bn(F.conv2d(joined, fuse.conv.weight)))
    expected = net.conv_seg(fused)
    torch.testing.assert_close(net(inputs), expected, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize('fusion', [CONV, ASPP, dict(ASPP, sep=False), ISA])
@pytest.mark.parametrize('neck', [MLP, RAW, 'same_as_embed_cfg'])
def test_every_public_config_trains(fusion, neck):
    given = copy.deepcopy([fusion, neck])
    net = head(fusion, neck=neck)
    assert [fusion, neck] == given  # configs are not changed
    logits = net(levels())
    assert logits.shape == (2, 4, 32, 32)
    logits.square().sum().backward()
    for name, parameter in net.named_parameters():
        assert parameter.grad is not None, name


@pytest.mark.parametrize('sep', [True, False])
def test_pyramid_is_that_of_mmsegs_aspp_heads(sep):
    layer = build_layer(6, 8, dict(ASPP, sep=sep, pool=True))
    kwargs = dict(c1_in_channels=0, c1_channels=0) if sep else {}
    other = MODELS.build(
        dict(
            type='DepthwiseSeparableASPPHead' if sep else 'ASPPHead',
            in_channels=6,
            in_index=0,
            channels=8,
            dilations=(1, 6, 12, 18),
            num_classes=4,
            dropout_ratio=0,
            norm_cfg=BN,
            **kwargs,
        )
    )
    weights = settle(layer).state_dict()
    missing, unknown = other.load_state_dict(weights, strict=False)
    assert not unknown
    assert {k.split('.')[0] for k in missing} <= {'conv_seg', 'sep_bottleneck'}
    if sep:  # mmseg's own ends with further convolutions
        other.sep_bottleneck = nn.Identity()
    features = torch.randn(2, 6, 20, 24)
    torch.testing.assert_close(
        other.eval().conv_seg(layer(features)), other([features])
    )


@pytest.mark.parametrize('size', [(16, 16), (18, 21)])
def test_isa_is_that_of_mmsegs_head(size):
    cfg = dict(
        ISA,
        key_query_num_convs=2,
        in_conv_kernel_size=3,
        out_cat_and_conv=True,
    )
    layer = settle(build_layer(5, 8, cfg))
    other = MODELS.build(
        dict(
            type='ISAHead',
            in_channels=5,
            in_index=0,
            channels=8,
            isa_channels=6,
            down_factor=(4, 4),
            num_classes=4,
            norm_cfg=BN,
        )
    ).eval()
    missing, unknown = other.load_state_dict(layer.state_dict(), strict=False)
    assert not unknown
    assert {k.split('.')[0] for k in missing} == {'conv_seg'}
    features = torch.randn(2, 5, *size)
    torch.testing.assert_close(
        other.conv_seg(layer(features)),
        other([features]),
        atol=1e-5,
        rtol=1e-4,
    )


def test_a_context_is_one_more_branch():
    cfg = dict(ASPP, pool=True, context_cfg=dict(ISA, isa_channels=4))
    layer = settle(build_layer(6, 8, cfg))
    features = torch.randn(2, 6, 16, 16)
    pooled = layer.image_pool(features).expand(-1, -1, 16, 16)
    branches = [pooled, layer.context_layer(features)]
    branches += layer.aspp_modules(features)
    joined = torch.cat(branches, 1)
    assert joined.shape[1] == 6 * 8
    torch.testing.assert_close(layer(features), layer.bottleneck(joined))


def test_a_convolution_before_the_pyramid():
    layer = settle(build_layer(6, 8, dict(RAW, kernel_size=3)))
    features = torch.randn(2, 6, 16, 16)
    convolved = F.conv2d(features, layer[0].weight, layer[0].bias, padding=1)
    torch.testing.assert_close(layer(features), layer[1](convolved))


def test_separable_convolutions_and_identities():
    net = head(embed=dict(CONV, type='sep_conv', kernel_size=3))
    assert net.embed_layers['0'].depthwise_conv.conv.groups == 3
    kept = head(
        embed=dict(type='id'), neck=dict(type='id'), embed_dims=IN_CHANNELS
    )
    assert kept(levels()).shape == (2, 4, 32, 32)
    with pytest.raises(ValueError, match="'id'.*embed_dims.* 3, not 8"):
        head(embed=dict(type='id'))


def test_fewer_levels():
    net = MODELS.build(
        dict(
            type='DAFormerHead',
            in_channels=[3, 9],
            in_index=[0, 3],
            channels=8,
            num_classes=4,
            decoder_params=dict(
                embed_dims=8,
                embed_cfg=MLP,
                embed_neck_cfg=CONV,
                fusion_cfg=ASPP,
            ),
        )
    )
    assert list(net.embed_layers) == ['0', '3']
    assert hasattr(net.embed_layers['3'], 'conv')
    assert net(levels()).shape == (2, 4, 32, 32)


@pytest.mark.parametrize(
    'fusion, message',
    [
        (dict(type='attention'), "`fusion_cfg`.*'rawconv_and_aspp', 'isa'"),
        (dict(ASPP, dilation=6), "'aspp'.*'dilations'.*unknown dilation"),
        (dict(type='conv'), "'conv'.*kernel_size.*no kernel_size"),
        (dict(type='mlp', act_cfg=RELU), "'mlp'.*linear.*'conv'"),
        (None, '`fusion_cfg`.*a dict.*None'),
        (
            dict(ASPP, context_cfg=dict(type='conv')),
            '`context_cfg`.*no kernel_size',
        ),
    ],
)
def test_wrong_layers_are_named(fusion, message):
    with pytest.raises(ValueError, match=message):
        head(fusion)


def test_wrong_parameters_are_named():
    with pytest.raises(ValueError, match=r"fusion_cfg'\], but got.*'dims'"):
        head(params=dict(dims=3))
    with pytest.raises(ValueError, match=re.escape('4, one for each')):
        head(embed_dims=[8, 8])
    with pytest.raises(ValueError, match='in_conv_kernel_size'):
        build_layer(5, 8, dict(ISA, in_conv_kernel_size=None))
