"""MiT with fused attention."""

import torch
import torch.nn.functional as F
from mmengine.model import PretrainedInit
from mmseg.models.backbones.mit import (
    EfficientMultiheadAttention,
    MixVisionTransformer,
)
from mmseg.models.utils import nlc_to_nchw
from mmseg.registry import MODELS
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from .mit_weights import load_mit_weights

PRETRAINED = ('Pretrained', PretrainedInit)
PLAIN_NORM_EPS = 1e-5


class FusedEfficientAttention(nn.Module):
    """SegFormer's attention by ``scaled_dot_product_attention``.

    Takes over the layers of MMSegmentation's module, so that the keys of the
    state dict stay, and so that whoever changes the dropout of its
    ``nn.MultiheadAttention`` or its drop path later is obeyed. That module
    computes the attention weights as well, which keeps the L x L' maps in
    memory and rules fused kernels out.

    Args:
        attention: The module whose layers are taken.
    """

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
    ) -> Tensor:
        """Attend, and add what came in.

        Args:
            x: Tokens (N, L, C).
            hw_shape: Height and width of the map, L of their product.
            identity: What the result is added to, (N, L, C). Default: x.
        """
        attended = F.scaled_dot_product_attention(
            *self._project(x, hw_shape),
            dropout_p=self.attn.dropout if self.training else 0.0,
        )
        out = self.attn.out_proj(attended.transpose(1, 2).flatten(2))
        out = self.dropout_layer(self.proj_drop(out))
        return (x if identity is None else identity) + out

    def _project(self, x: Tensor, hw_shape: tuple[int, int]) -> list[Tensor]:
        """Queries, keys and values (N, heads, L or L', C / heads)."""
        weight, bias = self.attn.in_proj_weight, self.attn.in_proj_bias
        if self.sr_ratio == 1:
            parts = F.linear(x, weight, bias).chunk(3, dim=-1)
        else:
            reduced = self.sr(nlc_to_nchw(x, hw_shape))
            reduced = self.norm(reduced.flatten(2).transpose(1, 2))
            sizes = [self.attn.embed_dim, 2 * self.attn.embed_dim]
            weights = weight.split(sizes)
            biases = (None, None) if bias is None else bias.split(sizes)
            queries = F.linear(x, weights[0], biases[0])
            others = F.linear(reduced, weights[1], biases[1])
            parts = (queries, *others.chunk(2, dim=-1))
        heads = (self.attn.num_heads, -1)
        return [part.unflatten(-1, heads).transpose(1, 2) for part in parts]


@MODELS.register_module()
class FusedMixVisionTransformer(MixVisionTransformer):
    """The MiT of SegFormer (NeurIPS 2021), faster and as it was published.

    Differs from MMSegmentation's in this, the keys of the state dict are the
    same:

    - Attention by ``scaled_dot_product_attention``.
    - LayerNorm eps 1e-5 in the patch embeddings and after the spatial
      reduction, as in https://github.com/NVlabs/SegFormer and in
      https://github.com/lhoyer/DAFormer; 1e-6 elsewhere, from ``norm_cfg``.
    - ``init_cfg=dict(type='Pretrained', checkpoint=...)`` takes files of
      MMSegmentation and the original ones, and refuses what does not fit.
    - ``with_cp`` needs no input that requires grad.

    Args:
        with_cp: Keep only what enters each block for the backward pass, and
            compute the rest again. Less memory, more time.
        **kwargs: Arguments of ``MixVisionTransformer``.
    """

    def __init__(self, with_cp: bool = False, **kwargs) -> None:
        super().__init__(with_cp=False, **kwargs)
        self.with_cp = with_cp  # in forward, not in the blocks
        for embedding, blocks, _ in self.layers:
            _set_eps(embedding.norm)
            for block in blocks:
                block.attn = FusedEfficientAttention(block.attn)
                if block.attn.sr_ratio > 1:
                    _set_eps(block.attn.norm)

    def init_weights(self) -> None:
        """Load the file of ``init_cfg``, or draw as SegFormer does.

        Raises:
            FileNotFoundError: There is no such file.
            ValueError: The file does not fit; names the keys.
        """
        cfg = self.init_cfg
        if isinstance(cfg, dict) and cfg['type'] in PRETRAINED:
            load_mit_weights(self, cfg['checkpoint'], cfg.get('prefix'))
            self.is_init = True
            return
        super().init_weights()
        if cfg is None:
            for module in self.modules():
                if isinstance(module, nn.MultiheadAttention):
                    nn.init.trunc_normal_(module.in_proj_weight, std=0.02)

    def forward(self, x: Tensor) -> list[Tensor]:
        """Feature maps of ``out_indices``.

        Args:
            x: Images (N, 3, H, W).

        Returns:
            (N, C_i, H / stride_i, W / stride_i), channels-last in memory.
        """
        recompute = self.with_cp and torch.is_grad_enabled()
        outs = []
        for i, (embedding, blocks, norm) in enumerate(self.layers):
            x, hw_shape = embedding(x)
            for block in blocks:
                if recompute:
                    x = checkpoint(block, x, hw_shape, use_reentrant=False)
                else:
                    x = block(x, hw_shape)
            x = nlc_to_nchw(norm(x), hw_shape)
            if i in self.out_indices:
                outs.append(x)
        return outs


def _set_eps(norm: nn.Module) -> None:
    """The eps of a plain LayerNorm; other norms keep theirs."""
    if isinstance(norm, nn.LayerNorm):
        norm.eps = PLAIN_NORM_EPS
