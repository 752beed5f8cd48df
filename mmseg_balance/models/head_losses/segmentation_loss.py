"""Losses of a segmentor's heads, pixel by pixel with weight and domain."""

import inspect
from contextlib import nullcontext
from functools import cache
from typing import Any

import torch
from mmseg.models.decode_heads.decode_head import BaseDecodeHead
from mmseg.models.utils import resize
from torch import Tensor, nn

from ...errors import UserRuntimeError
from .predictions import auxiliary_predictions, decode_predictions


def segmentation_losses(
    segmentor: nn.Module,
    features: Any,
    labels: Tensor,
    weight: Tensor | None = None,
    target_mask: Tensor | None = None,
    collect: bool = True,
    density: nn.Module | None = None,
) -> dict[str, Tensor]:
    """Losses of the decode head and the auxiliary heads.

    Args:
        segmentor: An ``EncoderDecoder``.
        features: What ``training_features`` gave.
        labels: (N, H, W).
        weight: Weight of each pixel, (N, H, W). Default: 1.
        target_mask: Pixels of the target domain, bool (N, H, W), for the
            losses that ask for it. Default: a source batch.
        collect: Whether losses that keep statistics may do so.
        density: A ``DensityEstimation`` on the decode head. Default: none.

    Returns:
        Losses and accuracies by name, ``decode.loss_ce`` for one.
    """
    with (
        nullcontext([]) if density is None else density.classifier_inputs()
    ) as inputs:
        decoded = decode_predictions(segmentor.decode_head, features)
    if density is not None and len(inputs) < len(decoded):
        # a compiled head, for one, calls no hooks
        raise UserRuntimeError(
            f'density_estimation saw {len(inputs)} calls of the classifier, '
            f'but there are {len(decoded)} predictions to estimate'
        )
    predictions = decoded + auxiliary_predictions(segmentor, features)
    losses = {}
    for number, prediction in enumerate(predictions):
        head, name = prediction.head, prediction.name
        truth, share, target = (
            part
            if part is None or prediction.box is None
            else prediction.box.of(part)
            for part in (labels, weight, target_mask)
        )
        logits = resize(
            prediction.logits,
            size=truth.shape[1:],
            mode='bilinear',
            align_corners=head.align_corners,
        )
        values = head_losses(head, logits, truth, share, target, collect)
        if density is not None and number < len(decoded):
            values['loss_density'] = density(
                head, inputs[number], logits, truth, share, target
            )
        for key, value in values.items():
            if 'loss' in key and prediction.loss_weight != 1:
                value = value * prediction.loss_weight
            losses[f'{name}.{key}'] = value
    return losses


def head_losses(
    head: BaseDecodeHead,
    logits: Tensor,
    labels: Tensor,
    weight: Tensor | None = None,
    target_mask: Tensor | None = None,
    collect: bool = True,
) -> dict[str, Tensor]:
    """``BaseDecodeHead.loss_by_feat`` with pixel weights and domains.

    Args:
        head: The head that gave the logits.
        logits: Resized to the labels, (N, C, H, W).
        labels, weight, target_mask, collect: As above.

    Returns:
        Losses by their ``loss_name``, and ``acc_seg`` in percent.
    """
    if head.sampler is not None:
        sampled = head.sampler.sample(logits, labels.unsqueeze(1))
        weight = sampled if weight is None else weight * sampled
    offered = dict(target_mask=target_mask, collect=collect)
    losses: dict[str, Tensor] = {}
    for loss in loss_modules(head):
        taken = {k: offered[k] for k in domain_arguments(type(loss))}
        value = loss(
            logits,
            labels,
            weight=weight,
            ignore_index=head.ignore_index,
            **taken,
        )
        name = loss.loss_name
        losses[name] = losses[name] + value if name in losses else value
    losses['acc_seg'] = pixel_accuracy(logits, labels, head.ignore_index)
    return losses


def loss_modules(head: BaseDecodeHead) -> list[nn.Module]:
    """The head's ``loss_decode``, one or several, as a list."""
    if isinstance(head.loss_decode, nn.ModuleList):
        return list(head.loss_decode)
    return [head.loss_decode]


@cache
def domain_arguments(loss_type: type) -> tuple[str, ...]:
    """Which of ``target_mask`` and ``collect`` a loss's forward names."""
    parameters = inspect.signature(loss_type.forward).parameters
    return tuple(k for k in ('target_mask', 'collect') if k in parameters)


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
