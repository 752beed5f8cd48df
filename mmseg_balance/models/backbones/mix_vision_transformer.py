"""MiT with fused attention."""

from contextlib import nullcontext

import torch
from mmengine.model import PretrainedInit
from mmseg.models.backbones import MixVisionTransformer
from mmseg.registry import MODELS
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from .mit_layers import (
    ChannelsLastMixFFN,
    FusedEfficientAttention,
    tokens_to_map,
)
from .mit_weights import load_mit_weights

PRETRAINED = ('Pretrained', PretrainedInit)
PLAIN_NORM_EPS = 1e-5


@MODELS.register_module()
class FusedMixVisionTransformer(MixVisionTransformer):
    """The MiT of SegFormer (NeurIPS 2021), faster and as it was published.

    Differs from MMSegmentation's in this, the keys of the state dict are the
    same:

    - Attention by ``scaled_dot_product_attention``, maps that stay
      channels-last.
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
        # the constructor reads a tensor of the default device
        on_meta = torch.empty(0).is_meta
        with torch.device('cpu') if on_meta else nullcontext():
            super().__init__(with_cp=False, **kwargs)
        if on_meta:
            self.to('meta')
        self.with_cp = with_cp  # in forward, not in the blocks
        for embedding, blocks, _ in self.layers:
            _set_eps(embedding.norm)
            for block in blocks:
                block.attn = FusedEfficientAttention(block.attn)
                block.ffn = ChannelsLastMixFFN(block.ffn)
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
            x = tokens_to_map(norm(x), hw_shape)
            if i in self.out_indices:
                outs.append(x)
        return outs


def _set_eps(norm: nn.Module) -> None:
    """The eps of a plain LayerNorm; other norms keep theirs."""
    if isinstance(norm, nn.LayerNorm):
        norm.eps = PLAIN_NORM_EPS
