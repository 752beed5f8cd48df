"""Attention of a MiT, block by block, without its maps."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from torch import Tensor, nn


@dataclass
class AttentionRecord:
    """What the self-attention map of a block is made of.

    The map, softmax(q k^T / sqrt(d)), has L x L' entries an image and head,
    256 for each query of a 512 x 512 image in every stage of a MiT; these
    have d a query.

    Attributes:
        queries: (N, heads, L, d).
        keys: Of the spatially reduced map, (N, heads, L', d).
        query_grid: Rows and columns of the queries, L of their product.
        key_grid: Rows and columns of the keys, L' of their product.
    """

    queries: Tensor
    keys: Tensor
    query_grid: tuple[int, int]
    key_grid: tuple[int, int]


@contextmanager
def recorded_attention(backbone: nn.Module) -> Iterator[list[AttentionRecord]]:
    """Collect the self-attention of each block while the context lasts.

    For passes without gradients: with them, activation checkpointing would
    run a block, and record it, twice.

    Args:
        backbone: A ``FusedMixVisionTransformer``.

    Yields:
        A list that each pass appends to, in the order of the blocks.
    """
    records: list[AttentionRecord] = []
    attentions = [
        block.attn for _, blocks, _ in backbone.layers for block in blocks
    ]
    for attention in attentions:
        attention.records = records
    try:
        yield records
    finally:
        for attention in attentions:
            attention.records = None
