"""The decoder of DAFormer."""

import torch
from mmengine.model import ModuleDict
from mmseg.models.decode_heads.decode_head import BaseDecodeHead
from mmseg.models.utils import resize
from mmseg.registry import MODELS
from mmseg.utils import ConfigType
from torch import Tensor

from ...errors import UserValueError
from ..head_losses.classifier_features import split_forward
from .daformer_layers import build_layer

_PARAMS = ('embed_dims', 'embed_cfg', 'embed_neck_cfg', 'fusion_cfg')


@MODELS.register_module()
class DAFormerHead(BaseDecodeHead):
    """Context-aware fusion of features of all levels (DAFormer, CVPR 2022).

    Each level is embedded, resized to the first level and put beside the
    others; one layer fuses them, a 1 x 1 convolution classifies. Configs,
    logits and the keys of the state dict are those of the head of that name
    in https://github.com/lhoyer/DAFormer.

    Args:
        decoder_params: With these keys, all of them:

            - embed_dims: Channels of each embedded level, one number for all
              or one a level.
            - embed_cfg: Layer that embeds a level; see ``build_layer``.
            - embed_neck_cfg: The same for the last level, or
              'same_as_embed_cfg'.
            - fusion_cfg: Layer that fuses the levels to ``channels``.
        **kwargs: Arguments of ``BaseDecodeHead``, but for
            ``input_transform``.

    Raises:
        ValueError: A key of ``decoder_params`` is missing or unknown, or of
            the wrong type or length; names the valid ones.
    """

    def __init__(self, decoder_params: ConfigType, **kwargs) -> None:
        super().__init__(input_transform='multiple_select', **kwargs)
        params = dict(decoder_params)
        if set(params) != set(_PARAMS):
            raise UserValueError(
                'Expected `decoder_params` of DAFormerHead to have the keys '
                f'{list(_PARAMS)}, but got {list(params)}'
            )
        levels = len(self.in_index)
        dims = params['embed_dims']
        dims = [dims] * levels if isinstance(dims, int) else list(dims)
        if len(dims) != levels:
            raise UserValueError(
                'Expected `embed_dims` of DAFormerHead to be one number or '
                f'{levels}, one for each of in_index, but got {dims}'
            )
        if params['embed_neck_cfg'] == 'same_as_embed_cfg':
            params['embed_neck_cfg'] = params['embed_cfg']
        names = ['embed_cfg'] * (levels - 1) + ['embed_neck_cfg']
        self.embed_layers = ModuleDict()
        for index, channels, dim, name in zip(
            self.in_index, self.in_channels, dims, names, strict=True
        ):
            self.embed_layers[str(index)] = build_layer(
                channels, dim, params[name], self.align_corners, name
            )
        self.fuse_layer = build_layer(
            sum(dims),
            self.channels,
            params['fusion_cfg'],
            self.align_corners,
            'fusion_cfg',
        )

    @split_forward
    def forward(self, inputs: list[Tensor]) -> Tensor:
        """Logits (N, C, h, w) of the size of the first level.

        Args:
            inputs: Features of all levels of the backbone.
        """
        return self.cls_seg(self._forward_feature(inputs))

    def _forward_feature(self, inputs: list[Tensor]) -> Tensor:
        """Fused features (N, channels, h, w), which the classifier takes."""
        size = inputs[0].shape[2:]
        embedded = []
        for index in self.in_index:
            features = self.embed_layers[str(index)](inputs[index])
            if features.shape[2:] != size:
                features = resize(
                    features,
                    size=size,
                    mode='bilinear',
                    align_corners=self.align_corners,
                )
            embedded.append(features)
        return self.fuse_layer(torch.cat(embedded, dim=1))
