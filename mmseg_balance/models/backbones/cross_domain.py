"""Four streams of tokens through one MiT: two domains, and across them."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from .attention_records import AttentionRecord
from .autocast_weights import weights_cast_together
from .drop_paths import Factors, add_branch
from .mit_layers import (
    FusedEfficientAttention,
    FusedEncoderLayer,
    tokens_to_map,
)
from .mix_vision_transformer import FusedMixVisionTransformer


@dataclass
class CrossDomainFeatures:
    """What a backbone makes of source and mixed images together.

    Each stream has the feature maps of ``out_indices``, (N, C_i, h_i, w_i).

    Attributes:
        source: Of the source images, as if they were alone.
        mixed: Of the mixed images, as if they were alone.
        mixed_to_source: Values of the source, mixed where the mixed images
            look: softmax(q_mixed k_source^T / sqrt(d)) v_source in each block.
        source_to_mixed: The other way round.
        attention: Self-attention of the mixed images, block by block; empty
            where it was not asked for.
    """

    source: list[Tensor]
    mixed: list[Tensor]
    mixed_to_source: list[Tensor]
    source_to_mixed: list[Tensor]
    attention: list[AttentionRecord]


def cross_domain_features(
    backbone: FusedMixVisionTransformer,
    source: Tensor,
    mixed: Tensor,
    record: bool = True,
) -> CrossDomainFeatures:
    """Features of two domains, and of each with the other's attention.

    CDAC (ICCV 2023), Sec. 3; agrees with
    https://github.com/wangkaihong/CDAC. The cross-domain streams start as the
    embedded source and mixed images. Their tokens are never queries, keys or
    values: what the blocks add to them is attended among the tokens of the
    other two. All streams share the weights, and are one batch in all layers
    but the attention; drop path is drawn for each by itself.

    Args:
        backbone: Its blocks are checkpointed where ``with_cp`` is set.
        source, mixed: Images, (N, 3, H, W).
        record: Whether the attention of the mixed images is kept.
    """
    with weights_cast_together(backbone, source):
        return _features(backbone, source, mixed, record)


def _features(
    backbone: FusedMixVisionTransformer,
    source: Tensor,
    mixed: Tensor,
    record: bool,
) -> CrossDomainFeatures:
    recompute = backbone.with_cp and torch.is_grad_enabled()
    x = torch.cat([source, mixed])
    factors = iter(backbone.draw_paths(backbone.blocks, x, [2 * len(x)]))
    outs, attention = [], []
    for i, (embedding, blocks, norm) in enumerate(backbone.layers):
        x, hw_shape = embedding(x)
        if i == 0:
            x = x.repeat(2, 1, 1)
        for block in blocks:
            args = block, x, hw_shape, next(factors)
            if recompute:
                x, own = checkpoint(_run_block, *args, use_reentrant=False)
            else:
                x, own = _run_block(*args)
            if not record:
                continue
            if recompute:
                # the parts that stay, not views of what need not
                own.queries, own.keys = own.queries.clone(), own.keys.clone()
            attention.append(own)
        x = tokens_to_map(norm(x), hw_shape)
        if i in backbone.out_indices:
            outs.append(x.chunk(4))
    return CrossDomainFeatures(*map(list, zip(*outs, strict=True)), attention)


def _run_block(
    block: FusedEncoderLayer,
    x: Tensor,
    hw_shape: tuple[int, int],
    factors: Factors,
) -> tuple[Tensor, AttentionRecord]:
    """A block on the four streams, (4 N, L, C)."""
    first, second = factors
    domains = block.norm1(x[: len(x) // 2])
    attended, record = cross_domain_attention(block.attn, domains, hw_shape)
    if first is None:
        attended = block.attn.dropout_layer(attended)
    x = add_branch(x, attended, first)
    return block.ffn(block.norm2(x), hw_shape, x, second), record


def cross_domain_attention(
    attention: FusedEfficientAttention,
    tokens: Tensor,
    hw_shape: tuple[int, int],
) -> tuple[Tensor, AttentionRecord]:
    """Self-attention of two domains, and attention across them.

    No gradient flows from the latter into the queries.

    Args:
        attention: Layers that all share.
        tokens: Normed, of the source and then of the mixed images,
            (2 N, L, C).
        hw_shape: Height and width of the map, L of their product.

    Returns:
        What is added to the four streams, source, mixed, mixed to source,
        source to mixed, (4 N, L, C), before drop path, and the
        self-attention of the mixed images.
    """
    queries, keys, values = attention.project(tokens, hw_shape)
    source_queries, mixed_queries = queries.chunk(2)
    source_keys, mixed_keys = keys.chunk(2)
    source_values, mixed_values = values.chunk(2)
    attended = torch.cat(
        [
            attention.attend(queries, keys, values),
            attention.attend(
                mixed_queries.detach(), source_keys, source_values
            ),
            attention.attend(
                source_queries.detach(), mixed_keys, mixed_values
            ),
        ]
    )
    record = attention.record(mixed_queries, mixed_keys, hw_shape)
    return attention.merge(attended), record
