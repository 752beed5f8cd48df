"""Labels of a frame, from what a network says of the frame before it."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from ....optical_flow import backward_warp, inside
from ...norm_statistics import kept_norm_statistics
from ...recording import noted_in
from ..teacher.averaging import without_dropout
from ..teacher.labelling import teacher_logits

IGNORED = 255


@torch.no_grad()
def warped_labels(
    logits: Tensor,
    flow: Tensor,
    valid: Tensor,
    threshold: float | None = None,
) -> Tensor:
    """Most probable class of each pixel where its flow says that it was.

    argmax of warp(softmax(logits), flow): the pseudo-labels of TPS (Xing et
    al., ECCV 2022).

    Args:
        logits: Of the earlier frame, (N, C, H, W).
        flow: On the grid of the frame that is labelled, pointing to the
            earlier one, (N, 2, H, W) in pixels of this grid.
        valid: Where the flow counts, bool (N, H, W).
        threshold: Probability that the class must reach after the warp.
            None: any.

    Returns:
        int64 (N, H, W), 255 where the flow does not count, leads beyond the
        border, or to a probability below the threshold.
    """
    kind = torch.promote_types(logits.dtype, torch.float32)
    moved = backward_warp(logits.to(kind).softmax(1), flow)
    confidence, labels = moved.max(1)
    known = valid & inside(flow)
    if threshold is not None:
        known = known & (confidence >= threshold)
    return labels.masked_fill(~known, IGNORED)


@torch.no_grad()
def earlier_logits(
    segmentor: nn.Module, frames: Tensor, flip: bool = False
) -> Tensor:
    """Logits of earlier frames, without a trace in the network.

    Batch norms take the statistics of the batch in training mode, as a
    teacher's do, and keep their running statistics as they were; dropout and
    drop path do nothing; and weights that autocast casts are not kept for a
    pass with gradients.

    Args:
        segmentor: An ``EncoderDecoder``. One that fuses two frames has none
            before these, and fuses each with itself.
        frames: Normalised and padded, (N, 3, H, W).
        flip: Whether it looks at the mirrored frames. The logits are those
            of the frames as they are.

    Returns:
        (N, C, H, W), without a graph.
    """
    images = frames.flip(-1) if flip else frames
    with (
        kept_norm_statistics(segmentor),
        without_dropout(segmentor),
        noted_in(None),
        _weights_cast_anew(),
    ):
        logits = teacher_logits(segmentor, images)
    return logits.flip(-1) if flip else logits


@contextmanager
def _weights_cast_anew() -> Iterator[None]:
    """Have autocast keep none of the weights that it casts.

    Those that it casts without gradients, and keeps, a pass with gradients
    behind takes as they are: before torch 2.11 it would learn nothing
    (https://github.com/pytorch/pytorch/pull/165068).
    """
    keeps = torch.is_autocast_cache_enabled()
    torch.set_autocast_cache_enabled(False)
    try:
        yield
    finally:
        torch.set_autocast_cache_enabled(keeps)
