"""A plain vision transformer as a backbone with four scales."""

from collections.abc import Sequence
from typing import Any

from mmengine.model import BaseModule
from mmseg.registry import MODELS
from mmseg.utils import OptConfigType
from torch import Tensor, nn

from ....errors import UserValueError
from .feature_pyramid import SCALES, SimpleFeaturePyramid
from .patch_grid import fit_to_patches
from .timm_vits import build_timm_vit
from .vit_weights import load_vit_weights

INDIVISIBLE = ('resize', 'error')


@MODELS.register_module()
class TimmViTPyramid(BaseModule):
    """DINOv2, DINOv3 and other plain transformers of timm, as a backbone.

    The tokens of chosen blocks are maps of one scale, without class and
    register tokens; a simple feature pyramid makes four of them. With
    patches of 16 pixels they have the strides 4, 8, 16 and 32 of other
    backbones.

    Images of other sizes than the transformer was trained with are taken:
    position embeddings are interpolated. Images that whole cells of all
    levels do not divide are resized to the nearest size that they do. The
    maps then lie exactly over the image, but with cells of a broken number
    of pixels, which HRDA refuses: give it ``patch_size=16``, for which patch
    embeddings of files are resampled, as https://github.com/w1oves/Rein does
    for DINOv2.

    Example:
        >>> backbone = dict(
        ...     type='TimmViTPyramid',
        ...     model_name='vit_base_patch14_dinov2',
        ...     patch_size=16,
        ...     out_indices=(2, 5, 8, 11),
        ...     adapter=dict(type='LoRA', rank=16),
        ...     init_cfg=dict(type='Pretrained', checkpoint='vit.safetensors'))

    Args:
        model_name: timm's name of the transformer.
        out_indices: Blocks that are read, from 0 or, below 0, from the end:
            one for all levels, as in ViTDet, or one a level. Blocks after
            the last of them are removed.
        out_channels: Channels of each level. None: no pyramid, but the map
            of each block of ``out_indices``, for a linear head.
        scales: Of the levels, against the map of patches.
        norm_features: Whether the last norm of the transformer is applied
            to what is read.
        image_scale: By which images are enlarged before they are cut into
            patches. (VFM-UDA has 1.1.)
        indivisible: What becomes of images that ``size_divisor`` does not
            divide: 'resize' or 'error'.
        frozen: Whether the transformer stays as it is and the pyramid alone
            is trained; its drop paths are off.
        adapter: Config of what is trained within a transformer that is
            frozen otherwise, ``dict(type='LoRA', rank=16)``. Default: all of
            it is trained, unless it is ``frozen``.
        drop_path_rate: Stochastic depth of the last block; rates grow
            linearly.
        with_cp: Whether activations of blocks are computed anew in the
            backward pass.
        pretrained: Whether timm fetches its weights by ``model_name``.
        init_cfg: ``dict(type='Pretrained', checkpoint=...)``: a file of
            weights as timm or the authors publish it; see
            ``load_vit_weights``.
        **kwargs: Further arguments of timm's model; see ``build_timm_vit``.

    Raises:
        TypeError: ``model_name`` is no plain transformer.
        ValueError: timm knows no such name, or a setting cannot work.
    """

    def __init__(
        self,
        model_name: str,
        out_indices: Sequence[int] = (-1,),
        out_channels: int | None = 256,
        scales: Sequence[float] = SCALES,
        norm_features: bool = True,
        image_scale: float = 1.0,
        indivisible: str = 'resize',
        frozen: bool = False,
        adapter: OptConfigType = None,
        drop_path_rate: float = 0.0,
        with_cp: bool = False,
        pretrained: bool = False,
        init_cfg: OptConfigType = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(init_cfg)
        _check_init(init_cfg, pretrained)
        if not image_scale > 0:
            raise UserValueError(
                f'Expected `image_scale` to be above 0, but got {image_scale}'
            )
        if indivisible not in INDIVISIBLE:
            raise UserValueError(
                f'Expected `indivisible` to be one of {INDIVISIBLE}, but got '
                f'{indivisible!r}'
            )
        self.vit = build_timm_vit(
            model_name, pretrained, drop_path_rate=drop_path_rate, **kwargs
        )
        self.depth = len(self.vit.blocks)
        self.out_indices = _blocks(out_indices, self.depth)
        self.vit.prune_intermediate_layers(
            self.out_indices, prune_norm=not norm_features
        )
        self.vit.set_grad_checkpointing(with_cp)
        self.norm_features = norm_features
        self.image_scale = image_scale
        self.indivisible = indivisible
        self.frozen = frozen or adapter is not None
        self.adapted = adapter is not None
        if self.frozen:
            self.vit.requires_grad_(False)
        if adapter is not None:
            MODELS.build(adapter).adapt(self.vit)
        self.pyramid = None
        self.begins_at_random = out_channels is not None
        self.pooled = 2 if out_channels is not None and 0.5 in scales else 1
        if out_channels is not None:
            if len(self.out_indices) not in (1, len(scales)):
                raise UserValueError(
                    'Expected `out_indices` to have one block, or one for '
                    f'each of the {len(scales)} levels, but got '
                    f'{tuple(out_indices)}'
                )
            self.pyramid = SimpleFeaturePyramid(
                self.vit.embed_dim, out_channels, scales
            )
        if pretrained:
            self._is_init = True

    @property
    def size_divisor(self) -> tuple[int, int]:
        """What sides of images are multiples of: whole cells of all levels.

        Two patches where the coarsest level pools them.
        """
        height, width = self.vit.patch_embed.patch_size
        return height * self.pooled, width * self.pooled

    @property
    def fixed_parameters(self) -> list[nn.Parameter]:
        """Weights that are never trained: an average of them is they."""
        return [p for p in self.vit.parameters() if not p.requires_grad]

    def init_weights(self) -> None:
        """Load the file of ``init_cfg``; timm has drawn the rest.

        Raises:
            FileNotFoundError, ValueError: See ``load_vit_weights``.
        """
        if not self._is_init and self.init_cfg:
            load_vit_weights(
                self.vit,
                self.init_cfg['checkpoint'],
                self.init_cfg.get('prefix'),
            )
        self._is_init = True

    def train(self, mode: bool = True) -> 'TimmViTPyramid':
        """Set the mode; a frozen transformer stays in evaluation mode."""
        super().train(mode)
        if self.frozen and not self.adapted:
            self.vit.eval()
        return self

    def get_layer_depth(
        self, param_name: str, prefix: str = ''
    ) -> tuple[int, int]:
        """Where a parameter is, for a learning rate that decays by layers.

        Args:
            param_name: Its name, with the prefix.
            prefix: 'backbone.' for one.

        Returns:
            Layer, from 0 for the embeddings to depth + 1 for what comes
            after the blocks, and number of layers, as
            https://github.com/open-mmlab/mmpretrain has it.
        """
        layers = self.depth + 2
        name = param_name.removeprefix(prefix)
        if name.startswith('vit.blocks.'):
            return int(name.split('.')[2]) + 1, layers
        if name.startswith('vit.') and not name.startswith('vit.norm.'):
            return 0, layers
        return layers - 1, layers

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        """Maps of images of any size.

        Args:
            images: Normalised, (N, 3, H, W).

        Returns:
            With patches of p pixels, for each scale s (N, out_channels,
            s H / p, s W / p); without a pyramid, for each block (N,
            channels of the transformer, H / p, W / p).

        Raises:
            ValueError: Images are not of whole cells and may not be resized.
        """
        images = fit_to_patches(
            images,
            self.size_divisor,
            self.image_scale,
            self.indivisible == 'resize',
        )
        maps = self.vit.forward_intermediates(
            images,
            indices=list(self.out_indices),
            norm=self.norm_features,
            intermediates_only=True,
        )
        if self.pyramid is None:
            return tuple(maps)
        levels = len(self.pyramid.levels)
        return self.pyramid(maps * levels if len(maps) == 1 else maps)


def _blocks(indices: Sequence[int], depth: int) -> tuple[int, ...]:
    """Numbers of blocks from 0."""
    if not indices or any(not -depth <= i < depth for i in indices):
        raise UserValueError(
            f'Expected `out_indices` to be blocks of 0 to {depth - 1}, or of '
            f'-{depth} to -1, but got {tuple(indices)}'
        )
    blocks = [i % depth for i in indices]
    if sorted(set(blocks)) != blocks:
        raise UserValueError(
            'Expected `out_indices` to go up, each block once, but got '
            f'{tuple(indices)}'
        )
    return tuple(blocks)


def _check_init(init_cfg: OptConfigType, pretrained: bool) -> None:
    if init_cfg is None:
        return
    if pretrained:
        raise UserValueError(
            'TimmViTPyramid has pretrained=True and init_cfg, two sources of '
            'its weights: remove one of them'
        )
    if not isinstance(init_cfg, dict) or (
        init_cfg.get('type') != 'Pretrained' or 'checkpoint' not in init_cfg
    ):
        raise UserValueError(
            'Expected init_cfg of TimmViTPyramid to be dict(type='
            f"'Pretrained', checkpoint=...), but got {init_cfg}"
        )
