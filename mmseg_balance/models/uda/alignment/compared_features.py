"""Which features of a network are compared, and what it takes them for."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from mmseg.models.utils import resize
from torch import Tensor, nn

from ....errors import UserTypeError, UserValueError
from ...head_losses.classifier_features import classifier_of, classify
from ...head_losses.predictions import (
    Prediction,
    context_features,
    predicted_classes,
)

OWNER = 'FeatureAlignmentObjective'
CLASSIFIER = 'classifier'
SIDE = 64  # of the image by which outputs of a backbone are found out


class ComparedFeatures:
    """Features at one place of a network.

    Args:
        place: 'classifier', what enters the classifier of the decode head;
            or the index of an output of the backbone (of the neck, if there
            is one).
        checks_class: Whether ``taken_for`` will be asked.
        student: An ``EncoderDecoder``.

    Attributes:
        channels (int): Of a feature.

    Raises:
        TypeError, ValueError: The network has no such features, or no
            classifier for them alone; says what to set.
    """

    def __init__(
        self, place: str | int, checks_class: bool, student: nn.Module
    ) -> None:
        self.place = place
        if place == CLASSIFIER:
            self.channels = _classified_channels(student)
            return
        self.channels, self._outputs = _output_channels(place, student)
        if checks_class:
            self._try_classifier(student)

    @property
    def enter_classifier(self) -> bool:
        """Whether predictions have to keep their features."""
        return self.place == CLASSIFIER

    def of(self, inputs: Any, prediction: Prediction) -> Tensor:
        """The features of images, (N, C, h, w).

        Args:
            inputs: Of the decode head, what ``training_features`` gave.
            prediction: The main one that it made of them.
        """
        if self.enter_classifier:
            return prediction.features
        return context_features(inputs)[self.place]

    @torch.no_grad()
    def taken_for(self, features: Tensor, student: nn.Module) -> Tensor:
        """Class that the classifier gives to features of a pixel.

        As a map of one pixel: of larger kernels, as those of DeepLabV2, the
        middle counts. Without dropout, and by the running statistics of
        norms.

        Args:
            features: float32 (..., C).
            student: The segmentor.

        Returns:
            int64 (...).
        """
        head = student.decode_head
        maps = features.reshape(-1, self.channels, 1, 1)
        with evaluating(head):
            if self.enter_classifier:
                logits = classify(head, maps)
            else:
                inputs: list[Tensor | None] = [None] * self._outputs
                inputs[self.place] = maps
                logits = head.forward(inputs)
        return predicted_classes(head, logits).view(features.shape[:-1])

    def _try_classifier(self, student: nn.Module) -> None:
        """Refuse a head that needs other outputs beside."""
        head = student.decode_head
        mean = next(head.parameters()).new_zeros(1, self.channels)
        try:
            self.taken_for(mean, student)
        except Exception:  # whatever a head does with what is not there
            raise UserValueError(
                f'{OWNER} has feature={self.place} and check_class=True, but '
                f'{type(head).__name__} does not classify this output of the '
                f'backbone alone (in_index={getattr(head, "in_index", None)}):'
                " set check_class=False, or feature='classifier'"
            ) from None


def predicted_at(features: Tensor, prediction: Prediction) -> Tensor:
    """Class that is predicted where each feature is, int64 (N, h, w).

    Args:
        features: (N, C, h, w).
        prediction: Of the same images, at any size.
    """
    logits, head = prediction.logits, prediction.head
    size = features.shape[-2:]
    with torch.no_grad():
        if logits.shape[-2:] != size:
            align = head.align_corners
            logits = resize(logits, size, mode='bilinear', align_corners=align)
        return predicted_classes(head, logits)


def _classified_channels(student: nn.Module) -> int:
    head = student.decode_head
    try:
        return classifier_of(head).in_channels
    except (TypeError, AttributeError):
        raise UserTypeError(
            f"{OWNER} has feature='classifier', but what enters the "
            f'classifier of {type(head).__name__} is not known, since it has '
            'neither a conv_seg nor a first_classifier with in_channels: set '
            "feature to the index of a backbone's output, -1 for the last, "
            'and check_class=False'
        ) from None


def _output_channels(place: int, student: nn.Module) -> tuple[int, int]:
    """Channels of an output, and the number of outputs."""
    weight = next(student.backbone.parameters(), torch.zeros(()))
    image = weight.new_zeros(1, 3, SIDE, SIDE)
    with torch.no_grad(), evaluating(student):
        outputs = context_features(student.extract_feat(image))
    if not -len(outputs) <= place < len(outputs):
        kind = type(student.neck if student.with_neck else student.backbone)
        raise UserValueError(
            f'Expected `feature` of {OWNER} to be one of the '
            f'{len(outputs)} outputs of {kind.__name__}, 0 to '
            f"{len(outputs) - 1}, or 'classifier', but got {place}: set it to "
            'one of these, or give the backbone more out_indices'
        )
    return outputs[place].shape[1], len(outputs)


@contextmanager
def evaluating(module: nn.Module) -> Iterator[None]:
    """Have a module in evaluation mode, and afterwards as it was.

    Args:
        module: With all that is in it.
    """
    trained = [m for m in module.modules() if m.training]
    for part in trained:
        part.training = False
    try:
        yield
    finally:
        for part in trained:
            part.training = True
