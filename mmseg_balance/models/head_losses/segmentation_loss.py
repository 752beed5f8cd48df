"""Losses of a segmentor's heads, pixel by pixel with weight and domain."""

from collections.abc import Container, Iterable
from dataclasses import dataclass, replace
from typing import Any
from warnings import warn

import torch
from mmseg.models.decode_heads.decode_head import BaseDecodeHead
from mmseg.models.utils import resize
from torch import Tensor, nn

from ..recording import PREDICTION, note
from .call_loss import call_loss
from .pixel_targets import PixelTargets
from .predictions import (
    Prediction,
    auxiliary_predictions,
    decode_predictions,
    predicted_classes,
)
from .watching import SeenPass, show_pass, wants_features


@dataclass(frozen=True, eq=False)
class PredictionLosses:
    """What one prediction is trained with, and what is logged of it.

    Attributes:
        name: Of the prediction: 'decode', 'decode.detail' (HRDA), 'aux', ...
        losses: Of the head's ``loss_decode`` by their ``loss_name``, with
            the weight of the prediction.
        diagnostics: What is logged and not trained.
        density: Loss of density estimation, whose weight is its own; None
            without.
    """

    name: str
    losses: dict[str, Tensor]
    diagnostics: dict[str, Tensor]
    density: Tensor | None = None

    def scaled(
        self, factor: float | Tensor, names: Container[str] | None = None
    ) -> 'PredictionLosses':
        """The losses of the head times a factor, the rest as it is.

        Args:
            factor: The factor.
            names: Of the losses that it is of. Default: all.
        """
        losses = {
            k: _times(v, factor) if names is None or k in names else v
            for k, v in self.losses.items()
        }
        return replace(self, losses=losses)

    def log(self) -> dict[str, Tensor]:
        """All by name, ``decode.loss_ce`` for one."""
        values = self.losses | self.diagnostics
        if self.density is not None:
            values['loss_density'] = self.density
        return {f'{self.name}.{key}': value for key, value in values.items()}


def segmentation_losses(
    segmentor: nn.Module,
    features: Any,
    labels: PixelTargets | Tensor,
    weight: Tensor | None = None,
    target_mask: Tensor | None = None,
    collect: bool = True,
    density: nn.Module | None = None,
) -> dict[str, Tensor]:
    """Losses of the decode head and the auxiliary heads, by name.

    Args:
        segmentor: An ``EncoderDecoder``.
        features: What ``training_features`` gave.
        labels: Class, weight and domain of each pixel; or the classes alone,
            (N, H, W), with the next two beside them.
        weight, target_mask: Of ``PixelTargets``, where ``labels`` is none.
        collect: Whether losses that keep statistics may do so.
        density: A ``DensityEstimation`` on the decode head. Default: none.

    Returns:
        Losses and accuracies by name, ``decode.loss_ce`` for one.

    Raises:
        TypeError: Weights or domains beside a ``PixelTargets``.
    """
    targets = PixelTargets.of(labels, weight, target_mask)
    return joined_log(
        prediction_losses(segmentor, features, targets, collect, density)
    )


def joined_log(
    predictions: Iterable[PredictionLosses],
) -> dict[str, Tensor]:
    """Losses and diagnostics of several predictions by name."""
    return {k: v for each in predictions for k, v in each.log().items()}


def prediction_losses(
    segmentor: nn.Module,
    features: Any,
    targets: PixelTargets,
    collect: bool = True,
    density: nn.Module | None = None,
) -> list[PredictionLosses]:
    """Losses of each prediction, for who weighs them one by one.

    Args:
        segmentor: An ``EncoderDecoder``.
        features: What ``training_features`` gave.
        targets: Class, weight and domain of each pixel.
        collect: Whether losses that keep statistics may do so.
        density: A ``DensityEstimation`` on the decode head. Default: none.

    Returns:
        Those of the decode head first, as ``decode_predictions`` gives them.
    """
    decoded = decode_predictions(
        segmentor.decode_head,
        features,
        keep_features=density is not None or wants_features(segmentor),
    )
    show_pass(segmentor, SeenPass(features, decoded[0], targets))
    # all heads run before the first loss, which may draw random numbers
    others = auxiliary_predictions(segmentor, features)
    return losses_of_predictions(decoded, others, targets, collect, density)


def losses_of_predictions(
    decoded: list[Prediction],
    others: list[Prediction],
    targets: PixelTargets,
    collect: bool = True,
    density: nn.Module | None = None,
) -> list[PredictionLosses]:
    """Losses of predictions that have been made.

    Args:
        decoded: Of the decode head; with their features where there is a
            density.
        others: Of the auxiliary heads.
        targets, collect, density: As above.

    Returns:
        As above.
    """
    targets.note()
    return [
        *(_losses_of(p, targets, collect, density) for p in decoded),
        *(_losses_of(p, targets, collect) for p in others),
    ]


def _losses_of(
    prediction: Prediction,
    targets: PixelTargets,
    collect: bool,
    density: nn.Module | None = None,
) -> PredictionLosses:
    head, weight = prediction.head, prediction.loss_weight
    if prediction.box is not None:
        targets = targets.crop(prediction.box)
    logits = resize(
        prediction.logits,
        size=targets.size,
        mode='bilinear',
        align_corners=head.align_corners,
    )
    note(PREDICTION, lambda: predicted_classes(head, logits))
    values = loss_values(head, logits, targets, collect)
    accuracy = pixel_accuracy(logits, targets.labels, head.ignore_index)
    estimation = None
    if density is not None:
        # one by one, as a module of users from 0.1.0 takes them
        of_pixels = targets.labels, targets.weight, targets.target_mask
        loss = density(head, prediction.features, logits, *of_pixels)
        estimation = _times(loss, weight)
    return PredictionLosses(
        prediction.name,
        {k: _times(v, weight) for k, v in values.items() if is_trained(k)},
        {k: v for k, v in values.items() if not is_trained(k)}
        | dict(acc_seg=accuracy),
        estimation,
    )


def loss_values(
    head: BaseDecodeHead,
    logits: Tensor,
    targets: PixelTargets,
    collect: bool = True,
) -> dict[str, Tensor]:
    """``BaseDecodeHead.loss_by_feat`` with pixel weights and domains.

    Args:
        head: The head that gave the logits.
        logits: Resized to the labels, (N, C, H, W).
        targets: Class, weight and domain of each pixel.
        collect: Whether losses that keep statistics may do so.

    Returns:
        Values of the head's losses by their ``loss_name``; those of one name
        are added.
    """
    if head.sampler is not None:
        sampled = head.sampler.sample(logits, targets.labels.unsqueeze(1))
        targets = targets.weighted(sampled)
    values: dict[str, Tensor] = {}
    for loss in loss_modules(head):
        value = call_loss(loss, logits, targets, head.ignore_index, collect)
        name = loss.loss_name
        values[name] = values[name] + value if name in values else value
    return values


def is_trained(loss_name: str) -> bool:
    """Whether the value of a loss is trained, or a diagnostic.

    By its name, which is MMSegmentation's way to say so; ``parse_losses`` of
    mmengine goes by it.
    """
    return 'loss' in loss_name


def loss_modules(head: BaseDecodeHead) -> list[nn.Module]:
    """The head's ``loss_decode``, one or several, as a list."""
    if isinstance(head.loss_decode, nn.ModuleList):
        return list(head.loss_decode)
    return [head.loss_decode]


@torch.no_grad()
def pixel_accuracy(
    logits: Tensor, labels: Tensor, ignore_index: int
) -> Tensor:
    """Percent of the labelled pixels that are right.

    As mmseg's ``accuracy``, without its indexing by a mask, which makes the
    host wait for the device.
    """
    known = labels != ignore_index
    right = (logits.argmax(1) == labels) & known
    return 100 * right.sum() / known.sum().clamp(min=1)


def head_losses(
    head: BaseDecodeHead,
    logits: Tensor,
    labels: Tensor,
    weight: Tensor | None = None,
    target_mask: Tensor | None = None,
    collect: bool = True,
) -> dict[str, Tensor]:
    """``loss_values`` and ``acc_seg``, as 0.1.0 called it."""
    warn(
        'head_losses is loss_values and pixel_accuracy now, '
        'which take PixelTargets and labels',
        DeprecationWarning,
        stacklevel=2,
    )
    targets = PixelTargets.of(labels, weight, target_mask)
    values = loss_values(head, logits, targets, collect)
    values['acc_seg'] = pixel_accuracy(logits, labels, head.ignore_index)
    return values


def _times(value: Tensor, factor: float | Tensor) -> Tensor:
    # a tensor is not asked for its value, which the host would wait for
    is_one = not isinstance(factor, Tensor) and factor == 1
    return value if is_one else value * factor
