"""Maps of timm's transformers against those that timm gives itself."""

import pytest
import timm
import torch
from torch import nn
from torch.nn import functional as F

from mmseg_balance.models.backbones import TimmViTPyramid

TINY = dict(embed_dim=24, depth=4, num_heads=3, img_size=64)
NAMES = (
    'vit_small_patch14_dinov2',
    'vit_small_patch14_reg4_dinov2',
    'vit_small_patch16_dinov3',
    'vit_small_patch16_dinov3_qkvb',
    'vit_base_patch16_clip_224',
    'deit3_small_patch16_224',
    'eva02_base_patch14_224',
)
MILLIONS = {
    'vit_small_patch14_dinov2': (22, 384, 14),
    'vit_base_patch14_dinov2': (86, 768, 14),
    'vit_large_patch14_dinov2': (304, 1024, 14),
    'vit_large_patch14_reg4_dinov2': (304, 1024, 14),
    'vit_small_patch16_dinov3': (21, 384, 16),
    'vit_large_patch16_dinov3': (303, 1024, 16),
}


def tiny(name='vit_small_patch14_dinov2', **kwargs):
    return TimmViTPyramid(
        name, **{**TINY, 'out_channels': 16, **kwargs}
    ).eval()


def plain(backbone, name, **kwargs):
    """timm's own network of the same weights."""
    vit = timm.create_model(
        name, dynamic_img_size=True, num_classes=0, **{**TINY, **kwargs}
    ).eval()
    missing = vit.load_state_dict(backbone.vit.state_dict(), strict=False)
    assert not missing.unexpected_keys
    return vit


@pytest.mark.parametrize('name', NAMES)
@pytest.mark.parametrize('norm', [True, False])
def test_maps_are_those_of_timm(name, norm):
    blocks = (0, 1, 3)
    backbone = tiny(
        name, out_indices=blocks, out_channels=None, norm_features=norm
    )
    if not name.startswith('eva02'):  # which has none of its own
        assert isinstance(backbone.vit.norm, nn.Identity) != norm
    vit = plain(backbone, name)
    patch = vit.patch_embed.patch_size[0]
    images = torch.randn(2, 3, 5 * patch, 3 * patch)
    with torch.no_grad():
        maps = backbone(images)
        _, theirs = vit.forward_intermediates(images, blocks, norm=norm)
    assert [m.shape for m in maps] == [(2, 24, 5, 3)] * 3
    for own, other in zip(maps, theirs, strict=True):
        assert torch.equal(own, other)


@pytest.mark.parametrize('name', MILLIONS)
def test_whole_architecture_without_memory(name):
    millions, channels, patch = MILLIONS[name]
    with torch.device('meta'):
        backbone = TimmViTPyramid(name, out_indices=(2, 5, 8, 11))
        other = timm.create_model(name, dynamic_img_size=True, num_classes=0)
        maps = backbone(torch.empty(1, 3, 32 * patch, 64 * patch))
        _, theirs = other.forward_intermediates(
            torch.empty(1, 3, 32 * patch, 64 * patch), (2, 5, 8, 11)
        )
    assert [tuple(m.shape) for m in theirs] == [(1, channels, 32, 64)] * 4
    assert [tuple(m.shape) for m in maps] == [
        (1, 256, s // 4, s // 2) for s in (512, 256, 128, 64)
    ]
    own = dict(backbone.vit.named_parameters())
    for key, parameter in other.named_parameters():
        block = int(key.split('.')[1]) if key.startswith('blocks') else 0
        if block > 11:
            assert key not in own
        else:
            assert own.pop(key).shape == parameter.shape, key
    assert not own
    total = sum(p.numel() for p in other.parameters()) / 1e6
    assert total == pytest.approx(millions, abs=1)


def test_pyramid_is_that_of_its_formula():
    backbone = tiny(out_channels=6)
    maps = torch.randn(2, 24, 4, 6)
    levels = backbone.pyramid([maps] * 4)
    assert [tuple(x.shape) for x in levels] == [
        (2, 6, 16, 24), (2, 6, 8, 12), (2, 6, 4, 6), (2, 6, 2, 3)
    ]  # fmt: skip

    def norm(x, layer):
        mean = x.mean(1, keepdim=True)
        var = x.var(1, unbiased=False, keepdim=True)
        x = (x - mean) / (var + layer.eps).sqrt()
        return x * layer.weight[:, None, None] + layer.bias[:, None, None]

    def up(x, layer):
        # each cell becomes 2 x 2 cells of its own
        n, _, h, w = x.shape
        cells = torch.einsum('nchw,cdij->ndhiwj', x, layer.weight)
        out = cells.reshape(n, -1, 2 * h, 2 * w)
        return out + layer.bias[:, None, None]

    def end(x, layers):
        first, norm1, second, norm2 = layers
        x = norm(torch.einsum('nchw,dc->ndhw', x, first.weight[..., 0, 0]),
                 norm1)  # fmt: skip
        return norm(F.conv2d(F.pad(x, (1,) * 4), second.weight), norm2)

    four, two, one, half = (list(level) for level in backbone.pyramid.levels)
    x = up(F.gelu(norm(up(maps, four[0]), four[1])), four[3])
    torch.testing.assert_close(levels[0], end(x, four[4:]))
    torch.testing.assert_close(levels[1], end(up(maps, two[0]), two[1:]))
    torch.testing.assert_close(levels[2], end(maps, one))
    pooled = maps.unfold(2, 2, 2).unfold(3, 2, 2).amax((-2, -1))
    torch.testing.assert_close(levels[3], end(pooled, half[1:]))


def test_one_block_for_all_levels_is_four_times_that_block():
    torch.manual_seed(0)
    one = tiny(out_indices=(-1,))
    four = tiny(out_indices=(0, 1, 2, 3))
    four.load_state_dict(one.state_dict())
    images = torch.randn(1, 3, 56, 56)
    last = tiny(out_indices=(3,), out_channels=None)
    last.load_state_dict(one.state_dict(), strict=False)
    with torch.no_grad():
        (tokens,) = last(images)
        for own, level in zip(one(images), one.pyramid.levels, strict=True):
            assert torch.equal(own, level(tokens))
        # the last level reads the last block in both
        levels = [o.equal(f) for o, f in zip(one(images), four(images))]
    assert levels == [False, False, False, True]


@pytest.mark.parametrize(
    'size, scale, fitted',
    [
        ((56, 84), 1.0, (56, 84)),
        ((60, 90), 1.0, (56, 84)),
        ((512, 512), 1.0, (504, 504)),
        ((1024, 1024), 1.1, (1120, 1120)),  # as VFM-UDA
        ((5, 5), 1.0, (28, 28)),
    ],
)
def test_images_are_resized_to_whole_cells(size, scale, fitted):
    backbone = tiny(image_scale=scale, out_indices=(0,))
    seen = []
    backbone.vit.patch_embed.register_forward_pre_hook(
        lambda _, inputs: seen.append(inputs[0])
    )
    images = torch.randn(1, 3, *size)
    levels = backbone(images)
    assert tuple(seen[0].shape[2:]) == fitted
    expected = F.interpolate(images, fitted, mode='bilinear')
    torch.testing.assert_close(seen[0], expected)
    assert [tuple(x.shape[2:]) for x in levels] == [
        tuple(int(side / 14 * s) for side in fitted) for s in (4, 2, 1, 0.5)
    ]


def test_a_crop_that_does_not_fit_is_refused_where_that_is_asked():
    backbone = tiny(indivisible='error')
    backbone(torch.randn(1, 3, 56, 84))
    message = (
        r'images of 60 x 84 pixels, but takes multiples of 28 x 28.*'
        r"crop_size.*indivisible='resize'"
    )
    with pytest.raises(ValueError, match=message):
        backbone(torch.randn(1, 3, 60, 84))
    scaled = tiny(indivisible='error', image_scale=2.0, out_channels=None)
    assert scaled(torch.randn(1, 3, 28, 35))[0].shape[2:] == (4, 5)


@pytest.mark.parametrize(
    'kwargs, message',
    [
        (dict(model_name='vit_smal_patch14_dinov2'), 'vit_small_patch14_din'),
        (dict(model_name='resnet18'), "type='TIMMBackbone'"),
        (dict(model_name='convnext_tiny'), "type='TIMMBackbone'"),
        (
            dict(model_name='swin_tiny_patch4_window7_224', depth=None),
            'SwinTransformer|TIMMBackbone',
        ),
        (dict(number=3), "unexpected keyword argument 'number'"),
        (dict(out_indices=()), '`out_indices` to be blocks of 0 to 3'),
        (dict(out_indices=(4,)), '`out_indices` to be blocks of 0 to 3'),
        (dict(out_indices=(3, -1, 1, 2)), 'to go up, each block once'),
        (dict(out_indices=(1, 3)), 'one for each of the 4 levels'),
        (dict(scales=(8,)), '`scales` to be some of'),
        (dict(image_scale=0), '`image_scale` to be above 0'),
        (dict(indivisible='pad'), "one of .*'resize', 'error'.*'pad'"),
        (dict(init_cfg=dict(type='Kaiming')), "type='Pretrained', check"),
        (
            dict(init_cfg=dict(type='Pretrained', checkpoint='a'),
                 pretrained=True),
            'two sources',
        ),
    ],
)  # fmt: skip
def test_mistakes(kwargs, message):
    with pytest.raises((TypeError, ValueError), match=message):
        tiny(**{'name': kwargs.pop('model_name', NAMES[0]), **kwargs})


def test_frozen_transformer_stays_and_what_is_new_learns():
    backbone = tiny(frozen=True, drop_path_rate=0.5).train()
    assert not backbone.vit.training and backbone.pyramid.training
    sum(x.mean() for x in backbone(torch.randn(1, 3, 56, 56))).backward()
    assert all(p.grad is None for p in backbone.vit.parameters())
    assert all(p.grad is not None for p in backbone.pyramid.parameters())
    assert set(backbone.fixed_parameters) == set(backbone.vit.parameters())
    assert tiny().fixed_parameters == []


@pytest.mark.parametrize('name', NAMES[:4])
def test_checkpointed_blocks_give_the_same_gradients(name):
    backbone = tiny(name, drop_path_rate=0.3).train()
    again = tiny(name, drop_path_rate=0.3, with_cp=True).train()
    again.load_state_dict(backbone.state_dict())
    images = torch.randn(2, 3, 64, 64)
    for each in (backbone, again):
        torch.manual_seed(1)
        sum(x.square().mean() for x in each(images)).backward()
    for own, other in zip(
        backbone.parameters(), again.parameters(), strict=True
    ):
        torch.testing.assert_close(own.grad, other.grad)


def test_drop_path_grows_to_the_rate_of_the_last_block():
    backbone = tiny(drop_path_rate=0.3)
    rates = [
        getattr(block.drop_path1, 'drop_prob', 0.0)
        for block in backbone.vit.blocks
    ]
    assert rates == pytest.approx([0.0, 0.1, 0.2, 0.3])


def test_every_parameter_is_used():
    backbone = tiny(NAMES[1], out_indices=(0, 2), scales=(4, 1)).train()
    assert len(backbone.vit.blocks) == 3  # of what no map is read is left out
    sum(
        x.square().mean() for x in backbone(torch.randn(1, 3, 56, 56))
    ).backward()
    lacking = [k for k, p in backbone.named_parameters() if p.grad is None]
    assert not lacking
    assert not isinstance(backbone.vit.norm, nn.Identity)
