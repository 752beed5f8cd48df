"""Logits of a segmentor's outputs at the size of the image.

An output is a head that predicts the whole image: 'decode', and 'aux' or
'aux_0', 'aux_1', ... as in the log. The detail crop of HRDA is none.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from mmseg.models.decode_heads.decode_head import BaseDecodeHead
from mmseg.models.utils import resize
from torch import Tensor, nn

from ...head_losses.predictions import (
    auxiliary_heads,
    auxiliary_predictions,
    decode_predictions,
    training_features,
)
from ...head_losses.segmentation_loss import loss_modules

MAIN = 'decode'


def output_heads(student: nn.Module) -> dict[str, BaseDecodeHead]:
    """Heads by the name of their output.

    Args:
        student: An ``EncoderDecoder``.
    """
    return {MAIN: student.decode_head, **auxiliary_heads(student)}


def image_logits(
    student: nn.Module, images: Tensor, auxiliary: bool = True
) -> dict[str, Tensor]:
    """Predict images in training.

    Args:
        student: An ``EncoderDecoder``.
        images: (N, 3, H, W).
        auxiliary: Whether auxiliary heads predict, too.

    Returns:
        Logits (N, C, H, W) by output.
    """
    features = training_features(student, images)
    predictions = decode_predictions(student.decode_head, features)
    if auxiliary:
        predictions = predictions + auxiliary_predictions(student, features)
    return {
        prediction.name: resize(
            prediction.logits,
            size=images.shape[-2:],
            mode='bilinear',
            align_corners=prediction.head.align_corners,
        )
        for prediction in predictions
        if prediction.box is None
    }


@contextmanager
def recorded_logits(
    student: nn.Module, auxiliary: bool = True
) -> Iterator[dict[str, Tensor]]:
    """Note the logits that the losses of the heads are given.

    So that who needs the predictions of an objective does not have to
    predict again, which would cost a pass and count twice in batch norms.

    Args:
        student: An ``EncoderDecoder``.
        auxiliary: Whether those of auxiliary heads are noted, too.

    Yields:
        Logits (N, C, H, W) by output, detached; filled on the way.
    """
    seen: dict[str, Tensor] = {}

    def noted(name: str):
        def note(loss: nn.Module, inputs: tuple) -> None:
            seen[name] = inputs[0].detach()

        return note

    with ExitStack() as hooks:
        for name, head in output_heads(student).items():
            if auxiliary or name == MAIN:
                loss = loss_modules(head)[0]
                hook = loss.register_forward_pre_hook(noted(name))
                hooks.callback(hook.remove)
        yield seen
