"""A branch that finds instances by their centres."""

from collections.abc import Sequence
from typing import Any

import torch
from mmengine.structures import InstanceData
from mmseg.models.utils import resize
from mmseg.registry import MODELS
from mmseg.utils import OptConfigType, SampleList
from torch import Tensor, nn

from ....errors import UserValueError
from ....number_checks import check_count, check_number
from ....panoptic.fusion import fuse_centers, score_segments
from ..instance_head import InstanceHead
from .center_fusion import fusion_arguments
from .center_labels import stack_center_labels
from .feature_decoder import build_feature_decoder
from .losses import below_limit, mean_over_weights
from .original_size import maps_at_original_size

_SHARED = 'CenterOffsetHead without a decoder'


@MODELS.register_module()
class CenterOffsetHead(InstanceHead):
    """Heatmap of centres, and the way of each pixel to its centre.

    With a decoder of its own this is "M-Dec-BU" of EDAPS (ICCV 2023), on the
    features of the semantic decoder "S-Net" of the same paper; both after
    Panoptic-DeepLab (CVPR 2020). Losses are those of
    https://github.com/susaha/edaps::

        center_loss_weight * sum w (p - t)^2 / sum w
        offset_loss_weight * sum w |p - t| / sum w

    Args:
        things: Labels of the thing classes; those of the segmentor.
        decoder: Config of a decode head that fuses the levels of the
            backbone, with weights of its own; the semantic head's config may
            be given. Default: the branch reads the features that enter the
            classifier of the semantic head.
        channels: Channels of these features; not with a decoder, which has
            its own.
        dropout_ratio: Of whole channels of these features; not with a
            decoder, either.
        center_loss_weight: Weight of the squared error of the heatmap.
        offset_loss_weight: Weight of the absolute error of the offsets.
        center_loss_limit: A loss of the heatmap above it, weight included,
            counts 0, as 14 does in the public code: no batch that is far off
            teaches anything. Default: no limit.
        fusion: Arguments of :class:`CenterFusion`.
        init_cfg: Of ``BaseModule``. Default: normal weights of standard
            deviation 0.01 where the maps are predicted.

    Raises:
        ValueError: Both a decoder and channels, or neither, or a number out
            of range.
    """

    def __init__(
        self,
        things: Sequence[int],
        decoder: OptConfigType = None,
        channels: int | None = None,
        dropout_ratio: float | None = None,
        center_loss_weight: float = 10.0,
        offset_loss_weight: float = 0.1,
        center_loss_limit: float | None = None,
        fusion: OptConfigType = None,
        init_cfg: OptConfigType = None,
    ) -> None:
        names = ('conv_center', 'conv_offset')
        override = [dict(name=name) for name in names]
        default = dict(type='Normal', std=0.01, override=override)
        super().__init__(things, init_cfg or default)
        for name, value in (
            ('center_loss_weight', center_loss_weight),
            ('offset_loss_weight', offset_loss_weight),
            ('center_loss_limit', center_loss_limit or 0),
        ):
            check_number('CenterOffsetHead', name, value)
        self.center_loss_weight = center_loss_weight
        self.offset_loss_weight = offset_loss_weight
        self.center_loss_limit = center_loss_limit
        self.fusion = fusion_arguments(fusion)
        self.uses_decoder = decoder is None
        self.align_corners = False
        self.decoder: nn.Module | None = None
        self.dropout: nn.Module = nn.Identity()
        if decoder is None:
            check_count(_SHARED, 'channels', channels)
            ratio = 0.1 if dropout_ratio is None else dropout_ratio
            check_number(_SHARED, 'dropout_ratio', ratio, high=1)
            self.dropout = nn.Dropout2d(ratio)
        elif channels is None and dropout_ratio is None:
            self.decoder = build_feature_decoder(decoder)
            self.align_corners = self.decoder.align_corners
            channels = self.decoder.channels
        else:
            raise UserValueError(
                'CenterOffsetHead has a decoder, so its channels and '
                'dropout_ratio are those of the decoder: leave '
                f'channels={channels} and dropout_ratio={dropout_ratio} away'
            )
        self.conv_center = nn.Conv2d(channels, 1, 1)
        self.conv_offset = nn.Conv2d(channels, 2, 1)

    def forward(
        self,
        features: Sequence[Tensor],
        decoder_features: Tensor | None = None,
    ) -> tuple[Tensor, Tensor]:
        """Heatmap (N, 1, h, w) and offsets (N, 2, h, w).

        Args:
            features: Levels of the backbone, (N, C_l, h_l, w_l) each.
            decoder_features: Of the semantic decoder, (N, F, h, w), where
                the branch shares it.

        Raises:
            ValueError: These have other channels than the branch was built
                for.
        """
        if self.decoder is None:
            self._check_channels(decoder_features)
            fused = self.dropout(decoder_features)
        else:
            fused = self.decoder(features)
        return self.conv_center(fused), self.conv_offset(fused)

    def _check_channels(self, decoder_features: Tensor) -> None:
        found, wanted = decoder_features.shape[1], self.conv_center.in_channels
        if found != wanted:
            raise UserValueError(
                f'CenterOffsetHead has channels={wanted}, but the decode head '
                f'whose features it reads has {found}: set '
                f'instance_head.channels={found}'
            )

    def losses(
        self,
        features: Sequence[Tensor],
        data_samples: SampleList,
        decoder_features: Tensor | None = None,
    ) -> dict[str, Tensor]:
        """``loss_center`` and ``loss_offset``, with their weights.

        Args:
            features: As above.
            data_samples: With ``gt_centers``.
            decoder_features: As above.
        """
        labels = stack_center_labels(data_samples)
        center, offset = (
            self._upsampled(values, labels.heatmap.shape[2:])
            for values in self(features, decoder_features)
        )
        center_loss = self.center_loss_weight * mean_over_weights(
            (center - labels.heatmap).square(), labels.center_weight
        )
        offset_loss = self.offset_loss_weight * mean_over_weights(
            (offset - labels.offset).abs(), labels.offset_weight
        )
        return dict(
            loss_center=below_limit(center_loss, self.center_loss_limit),
            loss_offset=offset_loss,
        )

    def _upsampled(self, values: Tensor, size: Sequence[int]) -> Tensor:
        # in float32, as errors of pixels are squared
        return resize(
            values.float(),
            size=tuple(size),
            mode='bilinear',
            align_corners=self.align_corners,
        )

    def predict(
        self,
        features: Sequence[Tensor],
        semantic: Sequence[Tensor],
        metas: Sequence[dict[str, Any]],
        logits: Sequence[Tensor],
        decoder_features: Tensor | None = None,
    ) -> list[tuple[Tensor, InstanceData]]:
        """Segments of each image, see :meth:`InstanceHead.predict`.

        The score of an instance is the mean probability of its class.
        """
        centers, offsets = self(features, decoder_features)
        images = zip(semantic, centers, offsets, metas, logits, strict=True)
        return [self._segments(*image) for image in images]

    def _segments(
        self,
        semantic: Tensor,
        center: Tensor,
        offset: Tensor,
        meta: dict[str, Any],
        logits: Tensor,
    ) -> tuple[Tensor, InstanceData]:
        """Ids (H, W) and instances of one image."""
        heatmap, offset = maps_at_original_size(
            center, offset, meta, self.align_corners
        )
        probabilities = class_probabilities(logits)
        is_thing = torch.zeros(
            len(probabilities), dtype=torch.bool, device=semantic.device
        )
        is_thing[list(self.things)] = True
        ids = fuse_centers(semantic, heatmap, offset, is_thing, **self.fusion)
        found = score_segments(ids, probabilities, is_thing)
        instances = InstanceData(
            labels=found.labels,
            scores=found.scores.float(),
            masks=ids == found.ids[:, None, None],
        )
        return ids, instances


def class_probabilities(logits: Tensor) -> Tensor:
    """Probability of each class (C, H, W).

    Args:
        logits: Of a prediction: of C classes, or the probability of the
            second of two classes alone, (1, H, W).
    """
    if len(logits) == 1:
        return torch.cat([1 - logits, logits])
    return logits.softmax(dim=0)
