"""Logits of a segmentor's outputs at the size of the image.

An output is a head that predicts the whole image: 'decode', and 'aux' or
'aux_0', 'aux_1', ... as in the log. The detail crop of HRDA is none.
"""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager

from mmseg.models.decode_heads.decode_head import BaseDecodeHead
from mmseg.models.utils import resize
from torch import Tensor, nn

from ...head_losses.predictions import (
    MAIN,
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
    logits = {
        prediction.name: resize(
            prediction.logits,
            size=images.shape[-2:],
            mode='bilinear',
            align_corners=prediction.head.align_corners,
        )
        for prediction in predictions
        if prediction.box is None
    }
    head = student.decode_head
    note(PREDICTION, lambda: predicted_classes(head, logits[MAIN]))
    return logits


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
