"""Logits of a segmentor's outputs at the size of the labels.

An output is a head that predicts the whole image: 'decode', and 'aux' or
'aux_0', 'aux_1', ... as in the log. The detail crop of HRDA is none.
"""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

from mmseg.models.decode_heads.decode_head import BaseDecodeHead
from mmseg.models.utils import resize
from torch import Tensor, nn

from ...declarations import label_size
from ...head_losses.predictions import (
    MAIN,
    Prediction,
    auxiliary_heads,
    auxiliary_predictions,
    decode_predictions,
    predicted_classes,
    training_features,
)
from ...head_losses.segmentation_loss import loss_modules
from ...recording import PREDICTION, note


def output_heads(student: nn.Module) -> dict[str, BaseDecodeHead]:
    """Heads by the name of their output.

    Args:
        student: An ``EncoderDecoder``.
    """
    return {MAIN: student.decode_head, **auxiliary_heads(student)}


@dataclass(frozen=True, eq=False)
class ImageOutputs:
    """What a segmentor makes of images in training.

    Attributes:
        images: (N, 3, H, W).
        features: Of ``training_features``.
        decoded: Predictions of the decode head, that of the whole image
            first.
        others: Predictions of auxiliary heads, perhaps none.
        size: Height and width of the labels: that of the images, or (1, 1)
            of a classifier.
    """

    images: Tensor
    features: Any
    decoded: list[Prediction]
    others: list[Prediction]
    size: tuple[int, int]
    _resized: dict[str, Tensor] = field(default_factory=dict)

    @property
    def main(self) -> Prediction:
        """The decode head's prediction of the whole image."""
        return self.decoded[0]

    @property
    def whole(self) -> dict[str, Prediction]:
        """Predictions of whole images, by output."""
        both = [*self.decoded, *self.others]
        return {each.name: each for each in both if each.box is None}

    def logits(self, name: str) -> Tensor:
        """Logits at the size of the labels, (N, C, H, W).

        Args:
            name: Of the output.
        """
        if name not in self._resized:
            self._resized[name] = self.resized(self.whole[name])
        return self._resized[name]

    def resized(self, prediction: Prediction) -> Tensor:
        """Its logits at the size of the labels; nothing is kept of them."""
        return resize(
            prediction.logits,
            size=self.size,
            mode='bilinear',
            align_corners=prediction.head.align_corners,
        )


def image_outputs(
    student: nn.Module,
    images: Tensor,
    auxiliary: bool = True,
    keep_features: bool = False,
) -> ImageOutputs:
    """Predict images in training.

    Args:
        student: An ``EncoderDecoder``.
        images: (N, 3, H, W).
        auxiliary: Whether auxiliary heads predict, too.
        keep_features: Whether the main prediction has its ``features``.
    """
    features = training_features(student, images)
    head = student.decode_head
    decoded = decode_predictions(head, features, keep_features)
    others = auxiliary_predictions(student, features) if auxiliary else []
    size = label_size(student, images)
    outputs = ImageOutputs(images, features, decoded, others, size)
    main = outputs.main
    # not by what is kept: it is called without gradients
    note(PREDICTION, lambda: predicted_classes(head, outputs.resized(main)))
    return outputs


def image_logits(
    student: nn.Module, images: Tensor, auxiliary: bool = True
) -> dict[str, Tensor]:
    """Logits of images in training, at the size of their labels.

    Args:
        student, images, auxiliary: As above.

    Returns:
        Logits (N, C, H, W) by output.
    """
    outputs = image_outputs(student, images, auxiliary)
    return {name: outputs.logits(name) for name in outputs.whole}


def recorded_logits(
    student: nn.Module, auxiliary: bool = True
) -> AbstractContextManager[dict[str, Tensor]]:
    """Note the logits that the losses of the heads are given.

    So that who needs the predictions of an objective does not have to
    predict again, which would cost a pass and count twice in batch norms.

    Args:
        student: An ``EncoderDecoder``.
        auxiliary: Whether those of auxiliary heads are noted, too.

    Returns:
        Context of logits (N, C, H, W) by output, see ``recorded_inputs``.
    """
    heads = output_heads(student)
    if not auxiliary:
        heads = {MAIN: heads[MAIN]}
    return recorded_inputs({k: loss_modules(h)[0] for k, h in heads.items()})


@contextmanager
def recorded_inputs(
    modules: Mapping[str, nn.Module],
) -> Iterator[dict[str, Tensor]]:
    """Note the first argument of the last call of each module.

    Args:
        modules: By name.

    Yields:
        Arguments by name, detached; filled on the way.
    """
    seen: dict[str, Tensor] = {}

    def noted(name: str):
        def note(module: nn.Module, inputs: tuple) -> None:
            seen[name] = inputs[0].detach()

        return note

    with ExitStack() as hooks:
        for name, module in modules.items():
            hook = module.register_forward_pre_hook(noted(name))
            hooks.callback(hook.remove)
        yield seen
