"""Cumulative density estimation: a task that both domains share (Eq. 10)."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any
from warnings import warn

import torch
from mmseg.models.decode_heads.decode_head import BaseDecodeHead
from mmseg.models.utils import resize
from mmseg.registry import MODELS
from torch import Tensor, nn

from mmseg_balance.logits import LogitStatistics
from mmseg_balance.logits.kernels import density as kernels
from mmseg_balance.logits.offsets.difficulty import of_two_banks
from mmseg_balance.logits.offsets.tables.fused_lookup import reads_fused

from ....errors import UserValueError
from ...head_losses.classifier_features import (
    captured_inputs,
    classifier_of,
    dropout_of,
)
from ...head_losses.logit_statistics import statistics_of
from ...head_losses.pixel_targets import PixelTargets
from ...recording import DENSITY, DENSITY_PREDICTION, note

NORMS = ('l2', 'l1')


def density_loss(
    prediction: Tensor,
    density: Tensor,
    valid: Tensor,
    weight: Tensor | None = None,
    norm: str = 'l2',
) -> Tensor:
    """Regression loss of Eq. 10, averaged over all pixels.

    Args:
        prediction: What the regression head says, (N, 1, H, W).
        density: Positive CDF d of each pixel, (N, 1, H, W).
        valid: Where d means something, bool (N, 1, H, W); the other pixels
            count with 0.
        weight: Quality q of each pixel, (N, H, W). Default: 1.
        norm: 'l2' (paper) or 'l1' (released code).

    Returns:
        Mean over all pixels, ().
    """
    error = (prediction.float() - density) * valid
    error = error.square() if norm == 'l2' else error.abs()
    if weight is not None:
        error = error * weight.unsqueeze(1)
    return error.mean()


@MODELS.register_module()
class DensityEstimation(nn.Module):
    """A 1 x 1 convolution that predicts d from the classifier's features.

    BLDA (ICML 2025), Sec. 3.3.5. As in the released code, features are those
    before the classifier's dropout. It belongs to the UDA model, not to the
    segmentor: no head is subclassed, and an exported segmentor is without
    it.

    Where a decode head has several predictions (HRDA: the fused one and that
    of the detail crop), the features of each call of its classifier, in
    turn, predict the d of one of them: the features of the context that of
    the fused logits, those of the detail that of the detail's.

    Args:
        head: Decode head whose features it takes, with a BLDALoss.
        loss_weight: Weight lambda, at least 0.
        norm: 'l2' (paper) or 'l1' (released code).

    Raises:
        TypeError: A head without a ``conv_seg``.
        ValueError: A setting out of range, or a head without BLDALoss.
    """

    def __init__(
        self, head: BaseDecodeHead, loss_weight: float = 0.2, norm: str = 'l2'
    ) -> None:
        super().__init__()
        if loss_weight < 0:
            raise UserValueError(
                'Expected `loss_weight` of density_estimation to be at least '
                f'0, but got {loss_weight}'
            )
        if norm not in NORMS:
            raise UserValueError(
                f'Expected `norm` of density_estimation to be one of {NORMS},'
                f' but got {norm!r}'
            )
        if statistics_of(head) is None:
            raise UserValueError(
                'density_estimation needs the distributions of a BLDALoss: '
                "set decode_head.loss_decode=dict(type='BLDALoss', "
                'num_classes=...), or leave density_estimation away'
            )
        classifier = classifier_of(head)
        classifier = getattr(classifier, 'conv', classifier)
        self.conv = nn.Conv2d(classifier.in_channels, 1, 1)
        # the head is the segmentor's: no sub-module of this one
        self._shared = (head,)
        self.loss_weight = loss_weight
        self.norm = norm

    def classifier_inputs(self) -> AbstractContextManager[list[Tensor]]:
        """Context that collects features by hooks, as 0.1.0 did."""
        warn(
            'classifier_inputs is not called any more: '
            'decode_predictions(head, features, keep_features=True) of '
            'mmseg_balance.models.head_losses.predictions has the features '
            'of each prediction',
            DeprecationWarning,
            stacklevel=2,
        )
        (head,) = self._shared
        return captured_inputs(classifier_of(head), dropout_of(head))

    def forward(
        self,
        head: BaseDecodeHead,
        features: Tensor,
        logits: Tensor,
        labels: PixelTargets | Tensor,
        weight: Tensor | None = None,
        target_mask: Tensor | None = None,
    ) -> Tensor:
        """Weighted regression loss of a batch.

        Args:
            head: Head of the prediction, with a BLDALoss.
            features: Of the prediction, (N, F, h, w).
            logits: Resized to the labels, (N, C, H, W).
            labels: Class, quality q and domain of each pixel; or the classes
                alone, (N, H, W), with the next two beside them.
            weight, target_mask: Of ``PixelTargets``, where ``labels`` is
                none.
        """
        targets = PixelTargets.of(labels, weight, target_mask)
        statistics = statistics_of(head)
        prediction = resize(
            self.conv(features),
            size=targets.size,
            mode='bilinear',
            align_corners=head.align_corners,
        )
        with torch.autocast(logits.device.type, enabled=False):
            loss = self._regression(
                statistics, prediction, logits, targets, head.ignore_index
            )
            note(DENSITY_PREDICTION, prediction)
        return self.loss_weight * loss

    def _regression(
        self,
        statistics: LogitStatistics,
        prediction: Tensor,
        logits: Tensor,
        targets: PixelTargets,
        ignore_index: int,
    ) -> Tensor:
        """Loss of a batch by a kernel, or else by PyTorch."""
        of_pixels = logits, targets.labels, targets.target_mask, ignore_index
        banks = statistics.source, statistics.target
        if reads_fused(logits, statistics.kernels):
            note(DENSITY, lambda: _shown(*statistics.positive_cdf(*of_pixels)))
            return kernels.density_loss(
                prediction,
                *of_pixels[:3],
                targets.weight,
                of_two_banks(banks),
                ignore_index,
                self.norm,
            )
        density, valid = statistics.positive_cdf(*of_pixels)
        note(DENSITY, lambda: _shown(density, valid))
        return density_loss(
            prediction, density, valid, targets.weight, self.norm
        )


def build_density(
    head: BaseDecodeHead, settings: Mapping[str, Any] | None
) -> DensityEstimation | None:
    """Density estimation of a head, drawn beside the model's weights.

    Args:
        head: Decode head, with a BLDALoss.
        settings: Further arguments of ``DensityEstimation``; None: none.
    """
    if settings is None:
        return None
    with torch.random.fork_rng(devices=[]):
        return DensityEstimation(head, **settings)


def _shown(density: Tensor, valid: Tensor) -> Tensor:
    """d as those who record take it, NaN where it means nothing."""
    return density.masked_fill(~valid, torch.nan)
