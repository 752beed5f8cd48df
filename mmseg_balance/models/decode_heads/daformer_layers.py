"""Embedding and fusion layers that a DAFormerHead is made of."""

from collections.abc import Mapping

import torch
from mmcv.cnn import ConvModule, DepthwiseSeparableConvModule
from mmseg.models.decode_heads.aspp_head import ASPPModule
from mmseg.models.decode_heads.sep_aspp_head import (
    DepthwiseSeparableASPPModule,
)
from mmseg.models.utils import resize
from mmseg.utils import ConfigType, OptConfigType
from torch import Tensor, nn

from ...errors import UserValueError
from .isa_layer import ISALayer

_ASPP_KEYS = ('sep', 'dilations', 'pool', 'norm_cfg', 'act_cfg')
# keys that a type needs, and keys that it may have
_KEYS = {
    'id': ((), ()),
    'mlp': ((), ('norm_cfg', 'act_cfg')),
    'conv': (('kernel_size',), ('norm_cfg', 'act_cfg')),
    'sep_conv': (('kernel_size',), ('norm_cfg', 'act_cfg')),
    'aspp': (_ASPP_KEYS, ('context_cfg',)),
    'rawconv_and_aspp': (('kernel_size', *_ASPP_KEYS), ('context_cfg',)),
    'isa': (
        ('isa_channels',),
        (
            'down_factor',
            'key_query_num_convs',
            'in_conv_kernel_size',
            'out_cat_and_conv',
            'conv_cfg',
            'norm_cfg',
            'act_cfg',
        ),
    ),
}


def build_layer(
    in_channels: int,
    out_channels: int,
    cfg: ConfigType,
    align_corners: bool = False,
    name: str = 'cfg',
) -> nn.Module:
    """Build a layer of a DAFormerHead, (N, C, H, W) -> (N, D, H, W).

    The types and their keys are those of the configs of
    https://github.com/lhoyer/DAFormer.

    Args:
        in_channels: Channels C of its input.
        out_channels: Channels D of its output.
        cfg: Its ``type`` ('id', 'mlp', 'conv', 'sep_conv', 'aspp',
            'rawconv_and_aspp' or 'isa'), and the keys that this type takes.
        align_corners: As in ``interpolate``, for pooled features.
        name: What the config is called, for errors.

    Raises:
        ValueError: Another type, a key that the type does not take, or one
            that it lacks; names the valid ones. Or a value that it ignores.
    """
    kwargs = _checked(cfg, name)
    kind = kwargs.pop('type')
    channels = in_channels, out_channels
    if kind == 'id' and in_channels != out_channels:
        raise UserValueError(
            f"`{name}` of DAFormerHead, of type 'id', keeps the channels: "
            f'set embed_dims of that level to {in_channels}, not '
            f'{out_channels}'
        )
    if kind == 'mlp' and any(v is not None for v in kwargs.values()):
        raise UserValueError(
            f"`{name}` of DAFormerHead, of type 'mlp', is linear: leave its "
            f"norm_cfg and act_cfg None, not {kwargs}, or take 'conv'"
        )
    if kind == 'id':
        return nn.Identity()
    if kind == 'mlp':
        return LinearEmbedding(*channels)
    if kind == 'isa':
        return ISALayer(*channels, **kwargs)
    if kind == 'aspp':
        return ContextFusion(*channels, align_corners, **kwargs)
    size = kwargs.pop('kernel_size')
    if kind == 'rawconv_and_aspp':
        return nn.Sequential(
            nn.Conv2d(*channels, size, padding=size // 2),
            ContextFusion(out_channels, out_channels, align_corners, **kwargs),
        )
    module = ConvModule if kind == 'conv' else DepthwiseSeparableConvModule
    return module(*channels, size, padding=size // 2, **kwargs)


class LinearEmbedding(nn.Module):
    """The same linear layer at each pixel, (N, C, H, W) -> (N, D, H, W)."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.proj = nn.Linear(in_channels, out_channels)

    def forward(self, features: Tensor) -> Tensor:
        """Nothing is copied where the features are channels-last."""
        return self.proj(features.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


class ContextFusion(nn.Module):
    """Atrous spatial pyramid and a 3 x 3 bottleneck (DAFormer, CVPR 2022).

    Args:
        in_channels: Channels of the input.
        channels: Channels of each branch and of the output.
        align_corners: As in ``interpolate``, for the pooled features.
        sep: Depthwise separable convolutions where the dilation is above 1.
        dilations: Dilation of each branch.
        pool: Add a branch with the mean over the image.
        norm_cfg: Config of norm layers.
        act_cfg: Config of activation layers.
        context_cfg: Config of one more branch; see ``build_layer``.
    """

    def __init__(
        self,
        in_channels: int,
        channels: int,
        align_corners: bool,
        sep: bool,
        dilations: tuple[int, ...],
        pool: bool,
        norm_cfg: OptConfigType,
        act_cfg: OptConfigType,
        context_cfg: OptConfigType = None,
    ) -> None:
        super().__init__()
        self.align_corners = align_corners
        shared = dict(norm_cfg=norm_cfg, act_cfg=act_cfg)
        self.image_pool = self.context_layer = None
        if pool:
            self.image_pool = nn.Sequential(
                nn.AdaptiveAvgPool2d(1),
                ConvModule(in_channels, channels, 1, **shared),
            )
        if context_cfg is not None:
            self.context_layer = build_layer(
                in_channels,
                channels,
                context_cfg,
                align_corners,
                name='context_cfg',
            )
        pyramid = DepthwiseSeparableASPPModule if sep else ASPPModule
        self.aspp_modules = pyramid(
            dilations=dilations,
            in_channels=in_channels,
            channels=channels,
            conv_cfg=None,
            **shared,
        )
        branches = len(dilations) + bool(pool) + (context_cfg is not None)
        self.bottleneck = ConvModule(
            branches * channels, channels, 3, padding=1, **shared
        )

    def forward(self, features: Tensor) -> Tensor:
        """(N, C, H, W) -> (N, channels, H, W)."""
        branches = []
        if self.image_pool is not None:
            pooled = resize(
                self.image_pool(features),
                size=features.shape[2:],
                mode='bilinear',
                align_corners=self.align_corners,
            )
            branches.append(pooled)
        if self.context_layer is not None:
            branches.append(self.context_layer(features))
        branches.extend(self.aspp_modules(features))
        return self.bottleneck(torch.cat(branches, dim=1))


def _checked(cfg: ConfigType, name: str) -> dict:
    """The config as a dict, if its type and keys are valid."""
    kind = cfg.get('type') if isinstance(cfg, Mapping) else None
    if kind not in _KEYS:
        raise UserValueError(
            f'Expected `{name}` of DAFormerHead to be a dict whose type is '
            f'one of {list(_KEYS)}, but got {cfg!r}'
        )
    needed, optional = _KEYS[kind]
    wrong = [f'no {k}' for k in needed if k not in cfg]
    valid = {'type', *needed, *optional}
    wrong += [f'unknown {k}' for k in cfg if k not in valid]
    if wrong:
        raise UserValueError(
            f"`{name}` of DAFormerHead, of type '{kind}', needs the keys "
            f'{list(needed)} and may have {list(optional)}, but there is '
            f'{", ".join(wrong)}'
        )
    return dict(cfg)
