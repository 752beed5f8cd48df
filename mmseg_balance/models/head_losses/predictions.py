"""What the losses of a segmentor are computed on, head by head.

An ``EncoderDecoder`` needs nothing of its own here. One that looks at an
image in several ways (HRDA) has what differs:

- ``segmentor.extract_train_feat(images)``: features in training, where they
  are not those of ``extract_feat``; any object that its head takes;
- ``head.training_predictions(features)``: all predictions that have a loss,
  in the order in which they call the classifier;
- ``features.context`` and ``segmentor.context_images(images)``: features of
  the whole image, and the image they are of.
"""

from dataclasses import dataclass
from typing import Any

from mmseg.models.decode_heads.decode_head import BaseDecodeHead
from torch import Tensor, nn

from ..windows import Box


@dataclass
class Prediction:
    """Logits that have a loss.

    Attributes:
        name: Prefix of its losses in the log.
        head: Head with the losses, ``loss_decode``.
        logits: At the head's own stride, (N, C, h, w).
        box: Part of the image that they are of. Default: all of it.
        loss_weight: Factor of its losses.
    """

    name: str
    head: BaseDecodeHead
    logits: Tensor
    box: Box | None = None
    loss_weight: float = 1.0


def training_features(segmentor: nn.Module, images: Tensor) -> Any:
    """Features that ``training_predictions`` takes.

    Args:
        segmentor: An ``EncoderDecoder``. Where features in training differ
            from those in tests it has ``extract_train_feat``.
        images: (N, 3, H, W).
    """
    extract = getattr(segmentor, 'extract_train_feat', segmentor.extract_feat)
    return extract(images)


def decode_predictions(
    head: BaseDecodeHead, features: Any
) -> list[Prediction]:
    """Predictions of the decode head that are trained.

    Args:
        head: Decode head. Where it has several, ``training_predictions``
            gives them, in the order in which the classifier is called.
        features: Of ``training_features``.
    """
    if hasattr(head, 'training_predictions'):
        return head.training_predictions(features)
    return [Prediction('decode', head, head.forward(features))]


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
    return getattr(features, 'context', features)


def context_images(segmentor: nn.Module, images: Tensor) -> Tensor:
    """The images at the scale of ``context_features``."""
    scaled = getattr(segmentor, 'context_images', None)
    return images if scaled is None else scaled(images)
