"""MiT with fused attention."""

from collections.abc import Sequence
from contextlib import nullcontext

import torch
from mmengine.model import PretrainedInit
from mmseg.models.backbones import MixVisionTransformer
from mmseg.registry import MODELS
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from .autocast_weights import weights_cast_together
from .drop_paths import PathDraws, draws_otherwise, is_dropping
from .mit_layers import FusedEncoderLayer, tokens_to_map
from .mit_weights import load_mit_weights

PRETRAINED = ('Pretrained', PretrainedInit)
PLAIN_NORM_EPS = 1e-5


@MODELS.register_module()
class FusedMixVisionTransformer(MixVisionTransformer):
    """The MiT of SegFormer (NeurIPS 2021), faster and as it was published.

    Differs from MMSegmentation's in this, the keys of the state dict are the
    same:

    - Attention by ``scaled_dot_product_attention``, maps that stay
      channels-last, drop paths that are drawn at once, weights that are
      cast at once under autocast.
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

    _compiled_features = None

    def __init__(self, with_cp: bool = False, **kwargs) -> None:
        # the constructor reads a tensor of the default device
        on_meta = torch.empty(0).is_meta
        with torch.device('cpu') if on_meta else nullcontext():
            super().__init__(with_cp=False, **kwargs)
        if on_meta:
            self.to('meta')
        self.with_cp = with_cp  # in forward, not in the blocks
        self.draw_paths = PathDraws()
        for embedding, blocks, _ in self.layers:
            _set_eps(embedding.norm)
            for i, block in enumerate(blocks):
                blocks[i] = FusedEncoderLayer(block)
                if block.attn.sr_ratio > 1:
                    _set_eps(block.attn.norm)

        paths = [path for block in self.blocks for path in block.drop_paths]
        self.draw_paths.take([p for p in paths if is_dropping(p)])

    def _apply(self, fn, recurse=True):
        """Have convolutions as their maps are, channels-last, on a GPU.

        With others it copies the weights of each into that order in every
        pass, and their gradients back. Values and shapes are the same. On a
        CPU they stay as they are, as do the sums of its kernels.
        """
        super()._apply(fn, recurse)
        for module in self.modules():
            if isinstance(module, nn.Conv2d) and not _is_on_cpu(module):
                module.to(memory_format=torch.channels_last)
        return self

    @property
    def blocks(self) -> list[FusedEncoderLayer]:
        """The layers of all stages, in their order."""
        return [block for _, blocks, _ in self.layers for block in blocks]

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

    @property
    def takes_groups(self) -> bool:
        """Whether batches that go together are as if they went alone.

        So they are but for dropout that draws over the whole batch. A
        subclass with a ``forward`` of its own may not know of groups.
        """
        if type(self).forward is not FusedMixVisionTransformer.forward:
            return False
        return not any(map(draws_otherwise, self.blocks))

    def forward(
        self, x: Tensor, groups: Sequence[int] | None = None
    ) -> list[Tensor]:
        """Feature maps of ``out_indices``.

        Args:
            x: Images (N, 3, H, W).
            groups: Images of each of several batches that ``x`` is made of;
                see ``takes_groups``. Default: it is one.

        Returns:
            (N, C_i, H / stride_i, W / stride_i), channels-last in memory.
        """
        features = self._compiled_features or self._features
        with weights_cast_together(self, x):
            return features(x, groups or [len(x)])

    def compile(self, *args, **kwargs) -> None:
        """Compile what is within the casts of ``weights_cast_together``.

        Of each cast in compiled code a kernel of its own would be made.
        """
        self._compiled_features = torch.compile(
            self._features, *args, **kwargs
        )

    def __getstate__(self) -> dict:
        """Without compiled code, as of any module."""
        state = super().__getstate__()
        state.pop('_compiled_features', None)
        return state

    def _features(self, x: Tensor, groups: Sequence[int]) -> list[Tensor]:
        recompute = self.with_cp and torch.is_grad_enabled()
        factors = iter(self.draw_paths(self.blocks, x, groups))
        outs = []
        for i, (embedding, blocks, norm) in enumerate(self.layers):
            x, hw_shape = embedding(x)
            for block in blocks:
                args = x, hw_shape, next(factors)
                if recompute:
                    x = checkpoint(block, *args, use_reentrant=False)
                else:
                    x = block(*args)
            x = tokens_to_map(norm(x), hw_shape)
            if i in self.out_indices:
                outs.append(x)
        return outs


def _is_on_cpu(module: nn.Module) -> bool:
    return all(p.device.type == 'cpu' for p in module.parameters())


def _set_eps(norm: nn.Module) -> None:
    """The eps of a plain LayerNorm; other norms keep theirs."""
    if isinstance(norm, nn.LayerNorm):
        norm.eps = PLAIN_NORM_EPS
