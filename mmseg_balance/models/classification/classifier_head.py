"""The head of a classifier: pooling, bottleneck, classes."""

from collections.abc import Sequence
from typing import Any

from mmseg.models.decode_heads.decode_head import BaseDecodeHead
from mmseg.registry import MODELS
from torch import Tensor, nn

from ...errors import UserValueError
from ..head_losses.classifier_features import split_forward

TOKEN = 'token'
POOLS = (True, False, TOKEN)
FIXED = ('conv_cfg', 'norm_cfg', 'act_cfg')  # nothing here goes by them


@MODELS.register_module()
class ClassifierHead(BaseDecodeHead):
    """Linear-BN-ReLU and a linear classifier on one vector an image.

    That of https://github.com/lhoyer/MIC (cls/) and of the
    Transfer-Learning-Library, initialised as there, by PyTorch's defaults.
    The classifier is ``conv_seg``, a convolution of 1 x 1 on a map of one
    pixel, so that what is made for decode heads works on it.

    Args:
        in_channels: Channels of the backbone's features.
        num_classes: Number of classes C, at least 2.
        pool: True: features are a map (N, in_channels, h, w), whose mean
            counts. False: a vector (N, in_channels) each image. 'token':
            tokens (N, L, in_channels), of which the first, the class token,
            counts.
        bottleneck: Number of features F that enter the classifier.
        dropout_ratio: Of these features.
        **kwargs: See ``BaseDecodeHead``.

    Raises:
        ValueError: A setting out of range.
    """

    def __init__(
        self,
        in_channels: int,
        num_classes: int,
        pool: bool | str = True,
        bottleneck: int = 256,
        dropout_ratio: float = 0.0,
        **kwargs: Any,
    ) -> None:
        if not (isinstance(pool, bool) or pool == TOKEN):
            raise UserValueError(
                f'Expected `pool` of ClassifierHead to be one of {POOLS}, '
                f'but got {pool!r}'
            )
        if num_classes < 2:
            raise UserValueError(
                'Expected `num_classes` of ClassifierHead to be at least 2, '
                f'but got {num_classes}'
            )
        if bottleneck < 1:
            raise UserValueError(
                'Expected `bottleneck` of ClassifierHead to be at least 1, '
                f'but got {bottleneck}'
            )
        given = [k for k in FIXED if kwargs.get(k) is not None]
        if given:
            raise UserValueError(
                'The bottleneck of ClassifierHead is Linear-BN-ReLU, but it '
                f'was given {", ".join(given)}: leave this away'
            )
        if kwargs.pop('channels', bottleneck) != bottleneck:
            raise UserValueError(
                'ClassifierHead has as many channels as its bottleneck, '
                f'{bottleneck}: leave `channels` away, or set `bottleneck`'
            )
        kwargs.setdefault('init_cfg', None)  # PyTorch's initial weights
        super().__init__(
            in_channels,
            bottleneck,
            num_classes=num_classes,
            out_channels=num_classes,
            dropout_ratio=dropout_ratio,
            **kwargs,
        )
        self.pool = pool
        self.bottleneck = nn.Sequential(
            nn.Linear(self.in_channels, bottleneck),
            nn.BatchNorm1d(bottleneck),
            nn.ReLU(),
        )

    @split_forward
    def forward(self, inputs: Sequence[Tensor]) -> Tensor:
        """Logits (N, C, 1, 1) of the features at ``in_index``."""
        return self.cls_seg(self._forward_feature(inputs))

    def _forward_feature(self, inputs: Sequence[Tensor]) -> Tensor:
        """Features of the bottleneck, (N, F, 1, 1)."""
        vectors = self.pooled(self._transform_inputs(inputs))
        if self.training and len(vectors) < 2:
            raise UserValueError(
                'The bottleneck of ClassifierHead normalises by the batch, '
                'which is of one image: set train_dataloader.batch_size to '
                'at least 2, and drop_last=True'
            )
        return self.bottleneck(vectors)[..., None, None]

    def pooled(self, features: Tensor) -> Tensor:
        """One vector an image, (N, in_channels).

        Args:
            features: Of the backbone, see ``pool``.

        Raises:
            ValueError: They are of another shape; names the key.
        """
        expected = {True: 4, False: 2, TOKEN: 3}[self.pool]
        axis = 2 if self.pool == TOKEN else 1
        shape = tuple(features.shape)
        if len(shape) != expected or shape[axis] != self.in_channels:
            raise UserValueError(
                f'The backbone gives features of shape {shape}, but '
                f'decode_head.pool={self.pool!r} with in_channels='
                f'{self.in_channels} takes {self._expected_shape()}: pool is '
                "True for maps, False for vectors, 'token' for tokens"
            )
        if self.pool is True:
            return features.mean((2, 3))
        return features[:, 0] if self.pool == TOKEN else features

    def _expected_shape(self) -> str:
        shapes = {True: '(N, {}, h, w)', False: '(N, {})', TOKEN: '(N, L, {})'}
        return shapes[self.pool].format(self.in_channels)

    def predict_by_feat(
        self, seg_logits: Tensor, batch_img_metas: list[dict]
    ) -> Tensor:
        """The logits as they are: an image has one label at any size."""
        return seg_logits
