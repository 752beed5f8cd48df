"""Interlaced sparse self-attention as a layer."""

import torch
import torch.nn.functional as F
from mmcv.cnn import ConvModule
from mmseg.models.utils import SelfAttentionBlock
from mmseg.utils import OptConfigType
from torch import Tensor, nn

from ...errors import UserValueError


class Relation(SelfAttentionBlock):
    """Self-attention within a map, and a projection of what comes out.

    Args:
        in_channels: Channels of the input and of the output.
        channels: Channels of queries and keys.
        num_convs: Convolutions that make queries and keys.
        **kwargs: ``conv_cfg``, ``norm_cfg`` and ``act_cfg``.
    """

    def __init__(
        self, in_channels: int, channels: int, num_convs: int, **kwargs
    ) -> None:
        super().__init__(
            key_in_channels=in_channels,
            query_in_channels=in_channels,
            channels=channels,
            out_channels=in_channels,
            share_key_query=False,
            query_downsample=None,
            key_downsample=None,
            key_query_num_convs=num_convs,
            value_out_num_convs=1,
            key_query_norm=True,
            value_out_norm=False,
            matmul_norm=True,
            with_out=False,
            **kwargs,
        )
        self.output_project = ConvModule(in_channels, in_channels, 1, **kwargs)

    def forward(self, features: Tensor) -> Tensor:
        """(N, C, H, W) -> the same shape."""
        return self.output_project(super().forward(features, features))


class ISALayer(nn.Module):
    """Attention among pixels far apart, then among neighbours.

    Interlaced Sparse Self-Attention (arXiv:1907.12273), as the fusion layer
    of that name in https://github.com/lhoyer/DAFormer. ``ISAHead`` is a whole
    head, with other convolutions around the same attention.

    Args:
        in_channels: Channels of the input.
        channels: Channels of the output.
        isa_channels: Channels of queries and keys.
        down_factor: Height and width of a neighbourhood in pixels.
        key_query_num_convs: Convolutions that make queries and keys.
        in_conv_kernel_size: Odd kernel size of the first convolution; None
            leaves it out, and ``in_channels`` must then be ``channels``.
        out_cat_and_conv: Join input and output by one more convolution.
        conv_cfg: Config of convolutions.
        norm_cfg: Config of norm layers.
        act_cfg: Config of activation layers.
    """

    def __init__(
        self,
        in_channels: int,
        channels: int,
        isa_channels: int,
        down_factor: tuple[int, int] = (8, 8),
        key_query_num_convs: int = 2,
        in_conv_kernel_size: int | None = 1,
        out_cat_and_conv: bool = False,
        conv_cfg: OptConfigType = None,
        norm_cfg: OptConfigType = None,
        act_cfg: OptConfigType = dict(type='ReLU'),  # noqa: B006
    ) -> None:
        super().__init__()
        shared = dict(conv_cfg=conv_cfg, norm_cfg=norm_cfg, act_cfg=act_cfg)
        self.down_factor = down_factor
        self.in_conv = self.out_conv = None
        if in_conv_kernel_size is not None:
            self.in_conv = ConvModule(
                in_channels,
                channels,
                in_conv_kernel_size,
                padding=in_conv_kernel_size // 2,
                **shared,
            )
        elif in_channels != channels:
            raise UserValueError(
                'ISALayer without in_conv_kernel_size keeps the channels, '
                f'but in_channels is {in_channels} and channels {channels}'
            )
        self.global_relation = Relation(
            channels, isa_channels, key_query_num_convs, **shared
        )
        self.local_relation = Relation(
            channels, isa_channels, key_query_num_convs, **shared
        )
        if out_cat_and_conv:
            self.out_conv = ConvModule(2 * channels, channels, 1, **shared)

    def forward(self, features: Tensor) -> Tensor:
        """(N, in_channels, H, W) -> (N, channels, H, W)."""
        if self.in_conv is not None:
            features = self.in_conv(features)
        attended = self._attend(features)
        if self.out_conv is not None:
            attended = self.out_conv(torch.cat([attended, features], dim=1))
        return attended

    def _attend(self, features: Tensor) -> Tensor:
        height, width = features.shape[2:]
        rows, columns = self.down_factor
        extra_rows, extra_columns = -height % rows, -width % columns
        top, left = extra_rows // 2, extra_columns // 2
        padded = F.pad(
            features, (left, extra_columns - left, top, extra_rows - top)
        )
        n, channels = padded.shape[:2]
        # (n, channels, block row, row in it, block column, column in it)
        blocks = padded.unflatten(3, (-1, columns)).unflatten(2, (-1, rows))
        m_rows, m_columns = blocks.shape[2], blocks.shape[4]

        # one pixel of each block: a coarse copy of the map
        far = blocks.permute(0, 3, 5, 1, 2, 4)
        far = self.global_relation(far.flatten(0, 2))
        far = far.view(n, rows, columns, channels, m_rows, m_columns)

        # all pixels of one block
        near = far.permute(0, 4, 5, 3, 1, 2)
        near = self.local_relation(near.flatten(0, 2))
        near = near.view(n, m_rows, m_columns, channels, rows, columns)

        whole = near.permute(0, 3, 1, 4, 2, 5).flatten(4).flatten(2, 3)
        return whole[:, :, top : top + height, left : left + width]
