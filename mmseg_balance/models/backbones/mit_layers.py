"""Layers of a MiT without copies: fused attention, channels-last maps."""

import torch.nn.functional as F
from mmseg.models.backbones.mit import (
    EfficientMultiheadAttention,
    MixFFN,
    TransformerEncoderLayer,
)
from torch import Tensor, nn

from .attention_records import AttentionRecord
from .drop_paths import Factors, add_branch
from .split_projection import split_projection


def tokens_to_map(tokens: Tensor, hw_shape: tuple[int, int]) -> Tensor:
    """Tokens (N, H * W, C) as a map (N, C, H, W), channels-last in memory.

    A view, whose strides say channels-last for N = 1 too, where those of
    mmseg's ``nlc_to_nchw`` do not and convolutions would choose the slow
    layout.
    """
    return tokens.unflatten(1, hw_shape).permute(0, 3, 1, 2)


def map_to_tokens(features: Tensor) -> Tensor:
    """A map (N, C, H, W) as tokens (N, H * W, C).

    A view of a channels-last map.
    """
    return features.permute(0, 2, 3, 1).flatten(1, 2)


class FusedEfficientAttention(nn.Module):
    """SegFormer's attention by ``scaled_dot_product_attention``.

    Takes over the layers of MMSegmentation's module, so that the keys of the
    state dict stay, and so that whoever changes the dropout of its
    ``nn.MultiheadAttention`` or its drop path later is obeyed. That module
    computes the attention weights as well, which keeps the L x L' maps in
    memory and rules fused kernels out.

    Args:
        attention: The module whose layers are taken.

    Attributes:
        records (list[AttentionRecord], optional): Where each call notes its
            queries and keys, see ``recorded_attention``. Default: nowhere.
    """

    records: list[AttentionRecord] | None = None

    def __init__(self, attention: EfficientMultiheadAttention) -> None:
        super().__init__()
        self.attn = attention.attn
        self.proj_drop = attention.proj_drop
        self.dropout_layer = attention.dropout_layer
        self.sr_ratio = attention.sr_ratio
        if self.sr_ratio > 1:
            self.sr = attention.sr
            self.norm = attention.norm

    def forward(
        self,
        x: Tensor,
        hw_shape: tuple[int, int],
        identity: Tensor | None = None,
        factor: Tensor | None = None,
    ) -> Tensor:
        """Attend, and add what came in.

        Args:
            x: Tokens (N, L, C).
            hw_shape: Height and width of the map, L of their product.
            identity: What the result is added to, (N, L, C). Default: x.
            factor: In place of the drop path, see ``PathDraws``. Default: it
                draws itself.
        """
        queries, keys, values = self.project(x, hw_shape)
        if self.records is not None:
            self.records.append(self.record(queries, keys, hw_shape))
        out = self.merge(self.attend(queries, keys, values))
        if factor is None:
            out = self.dropout_layer(out)
        return add_branch(x if identity is None else identity, out, factor)

    def attend(self, queries: Tensor, keys: Tensor, values: Tensor) -> Tensor:
        """Values by attention, (N, heads, L, C / heads)."""
        return F.scaled_dot_product_attention(
            queries,
            keys,
            values,
            dropout_p=self.attn.dropout if self.training else 0.0,
        )

    def merge(self, attended: Tensor) -> Tensor:
        """Heads as tokens (N, L, C), projected, with dropout."""
        out = self.attn.out_proj(attended.transpose(1, 2).flatten(2))
        return self.proj_drop(out)

    def record(
        self, queries: Tensor, keys: Tensor, hw_shape: tuple[int, int]
    ) -> AttentionRecord:
        """What the attention map of these is made of."""
        height, width = hw_shape
        key_grid = (height // self.sr_ratio, width // self.sr_ratio)
        return AttentionRecord(queries, keys, (height, width), key_grid)

    def project(self, x: Tensor, hw_shape: tuple[int, int]) -> list[Tensor]:
        """Queries, keys and values (N, heads, L or L', C / heads)."""
        weight, bias = self.attn.in_proj_weight, self.attn.in_proj_bias
        if self.sr_ratio == 1:
            parts = F.linear(x, weight, bias).chunk(3, dim=-1)
        else:
            reduced = self.norm(
                map_to_tokens(self.sr(tokens_to_map(x, hw_shape)))
            )
            queries, others = split_projection(x, reduced, weight, bias)
            parts = (queries, *others.chunk(2, dim=-1))
        heads = (self.attn.num_heads, -1)
        return [part.unflatten(-1, heads).transpose(1, 2) for part in parts]


class ChannelsLastMixFFN(nn.Module):
    """SegFormer's feed-forward network on channels-last maps.

    Takes over the layers of MMSegmentation's module, as the attention does.

    Args:
        ffn: The module whose layers are taken.
    """

    def __init__(self, ffn: MixFFN) -> None:
        super().__init__()
        self.layers = ffn.layers
        self.dropout_layer = ffn.dropout_layer

    def forward(
        self,
        x: Tensor,
        hw_shape: tuple[int, int],
        identity: Tensor | None = None,
        factor: Tensor | None = None,
    ) -> Tensor:
        """Transform each token with its neighbours; see the attention."""
        out = map_to_tokens(self.layers(tokens_to_map(x, hw_shape)))
        if factor is None:
            out = self.dropout_layer(out)
        return add_branch(x if identity is None else identity, out, factor)


class FusedEncoderLayer(nn.Module):
    """SegFormer's layer: attention and feed-forward network on tokens.

    Takes over the layers of MMSegmentation's module, as these two do.

    Args:
        layer: The module whose layers are taken.
    """

    def __init__(self, layer: TransformerEncoderLayer) -> None:
        super().__init__()
        self.norm1 = layer.norm1
        self.attn = FusedEfficientAttention(layer.attn)
        self.norm2 = layer.norm2
        self.ffn = ChannelsLastMixFFN(layer.ffn)

    @property
    def drop_paths(self) -> tuple[nn.Module, nn.Module]:
        """What drops the branch of the attention, and of the network."""
        return self.attn.dropout_layer, self.ffn.dropout_layer

    def forward(
        self,
        x: Tensor,
        hw_shape: tuple[int, int],
        factors: Factors = (None, None),
    ) -> Tensor:
        """Tokens (N, L, C) to tokens.

        Args:
            x: Tokens.
            hw_shape: Height and width of the map, L of their product.
            factors: In place of the drop paths, see ``PathDraws``.
        """
        first, second = factors
        x = self.attn(self.norm1(x), hw_shape, x, first)
        return self.ffn(self.norm2(x), hw_shape, x, second)
