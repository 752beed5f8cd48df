"""What the losses of a segmentor are computed on, head by head.

An ``EncoderDecoder`` needs nothing of its own here. One that looks at an
image in several ways (HRDA) has what differs, each of the protocols below by
itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from mmseg.models.decode_heads.decode_head import BaseDecodeHead
from torch import Tensor, nn

from ..frames.pairs import image_channels
from ..recording import IMAGE, note
from ..windows import Box
from .classifier_features import (
    captured_inputs,
    checked_features,
    classifier_of,
    dropout_of,
    logits_and_features,
)
from .signatures import names_argument, offers

MAIN = 'decode'  # the decode head's prediction of the whole image


@dataclass
class Prediction:
    """Logits that have a loss.

    Attributes:
        name: Prefix of its losses in the log.
        head: Head with the losses, ``loss_decode``.
        logits: At the head's own stride, (N, C, h, w).
        box: Part of the image that they are of. Default: all of it.
        loss_weight: Factor of its losses.
        features: What entered the classifier, before its dropout, (N, F, h',
            w'). Default: not kept.
    """

    name: str
    head: BaseDecodeHead
    logits: Tensor
    box: Box | None = None
    loss_weight: float = 1.0
    features: Tensor | None = None


class TrainingExtractor(Protocol):
    """A segmentor whose features in training are not those in tests."""

    def extract_train_feat(self, inputs: Tensor) -> Any:
        """Features of images (N, 3, H, W); any object its head takes."""


class ContextScaler(Protocol):
    """A segmentor that sees the whole image at another resolution."""

    def context_images(self, images: Tensor) -> Tensor:
        """Images (N, 3, H, W) at that resolution."""


class ContextFeatures(Protocol):
    """Features of several scales, those of the whole image among them."""

    context: Sequence[Tensor]


class SeveralPredictions(Protocol):
    """A head with several predictions that have a loss."""

    def training_predictions(
        self, features: Any, keep_features: bool = False
    ) -> list[Prediction]:
        """All of them, in the order in which they call the classifier.

        Args:
            features: Of ``training_features``.
            keep_features: Whether predictions have their ``features``. A
                head without this argument has them noted by a hook.
        """


def training_features(segmentor: nn.Module, images: Tensor) -> Any:
    """Features that ``decode_predictions`` takes.

    Args:
        segmentor: An ``EncoderDecoder``, perhaps a ``TrainingExtractor``.
        images: (N, 3, H, W).
    """
    note(IMAGE, image_channels(images))
    if offers(segmentor, TrainingExtractor):
        return segmentor.extract_train_feat(images)
    return segmentor.extract_feat(images)


def decode_predictions(
    head: BaseDecodeHead, features: Any, keep_features: bool = False
) -> list[Prediction]:
    """Predictions of the decode head that are trained.

    Args:
        head: Decode head, perhaps with ``SeveralPredictions``.
        features: Of ``training_features``.
        keep_features: Whether predictions have their ``features``.
    """
    if offers(head, SeveralPredictions):
        if keep_features:
            return _several_with_features(head, features)
        return head.training_predictions(features)
    if keep_features:
        logits, kept = logits_and_features(head, features)
        return [Prediction(MAIN, head, logits, features=kept)]
    return [Prediction(MAIN, head, head.forward(features))]


def _several_with_features(
    head: SeveralPredictions, features: Any
) -> list[Prediction]:
    if names_argument(type(head), 'training_predictions', 'keep_features'):
        return head.training_predictions(features, keep_features=True)
    with captured_inputs(classifier_of(head), dropout_of(head)) as noted:
        predictions = head.training_predictions(features)
    kept = checked_features(noted, len(predictions))
    return [
        replace(prediction, features=own)
        for prediction, own in zip(predictions, kept, strict=True)
    ]


def auxiliary_predictions(
    segmentor: nn.Module, features: Any
) -> list[Prediction]:
    """Predictions of the auxiliary heads."""
    heads = auxiliary_heads(segmentor)
    return [Prediction(k, h, h.forward(features)) for k, h in heads.items()]


def auxiliary_heads(segmentor: nn.Module) -> dict[str, BaseDecodeHead]:
    """Auxiliary heads by their names in the log, 'aux' or 'aux_0' and on."""
    if not segmentor.with_auxiliary_head:
        return {}
    if isinstance(segmentor.auxiliary_head, nn.ModuleList):
        return {f'aux_{i}': h for i, h in enumerate(segmentor.auxiliary_head)}
    return {'aux': segmentor.auxiliary_head}


def context_features(features: Any) -> tuple[Tensor, ...]:
    """Features of the whole image, of one scale."""
    if offers(features, ContextFeatures):
        return features.context
    return features


def context_images(segmentor: nn.Module, images: Tensor) -> Tensor:
    """The images at the scale of ``context_features``."""
    if offers(segmentor, ContextScaler):
        return segmentor.context_images(images)
    return images


def predicted_classes(head: BaseDecodeHead, logits: Tensor) -> Tensor:
    """Class of each pixel, as ``EncoderDecoder`` gives it.

    Args:
        head: Head of the logits.
        logits: (N, C, H, W); with one channel it is that of class 1.

    Returns:
        int64 (N, H, W).
    """
    if logits.shape[1] > 1:
        return logits.argmax(1)
    return (logits[:, 0].sigmoid() > head.threshold).long()
