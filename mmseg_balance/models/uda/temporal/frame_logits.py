"""What a student says of a frame and of the one before it, each by itself."""

from typing import Any

import torch
from torch import Tensor, nn

from ...decode_heads.frame_features import FrameFeatures
from ...head_losses.predictions import decode_predictions
from ...norm_statistics import kept_norm_statistics
from ...recording import noted_in
from ..teacher.averaging import without_dropout
from ..teacher.image_logits import ImageOutputs


def frame_logits(
    student: nn.Module, outputs: ImageOutputs, earlier: Tensor
) -> tuple[Tensor, Tensor]:
    """Logits of both frames, at the size of the head.

    Of a network that fuses them they are not fused: those of the head within
    the one that does, on features that are there already.

    Args:
        student: The segmentor that is trained.
        outputs: What it made of the later frames.
        earlier: The frames before, normalised and padded, (N, 3, H, W).

    Returns:
        Logits of the later frames, with a graph, and of the earlier ones,
        without, (N, C, h, w) each. Batch norms normalise the earlier frames
        by their own batch, and do not count them; nothing is dropped out.
    """
    features = outputs.features
    if isinstance(features, FrameFeatures) and features.earlier is not None:
        head = student.decode_head.head
        with noted_in(None), kept_norm_statistics(head):
            logits = _whole(head, features.current)
        return logits, _without_trace(head, _whole, head, features.earlier)
    logits = outputs.main.logits
    before = _without_trace(student, _predicted, student, earlier)
    return logits, before


def _whole(head: nn.Module, features: Any) -> Tensor:
    return decode_predictions(head, features)[0].logits


def _predicted(student: nn.Module, images: Tensor) -> Tensor:
    return student.decode_head.forward(student.extract_feat(images))


@torch.no_grad()
def _without_trace(network: nn.Module, predict: Any, *given: Any) -> Tensor:
    with (
        kept_norm_statistics(network),
        without_dropout(network),
        noted_in(None),
    ):
        return predict(*given)
