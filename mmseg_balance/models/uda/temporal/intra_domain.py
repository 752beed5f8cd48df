"""Predictions that are less sure than those of the frame before (ITCR)."""

import torch
from torch import Tensor

from ....optical_flow import backward_warp, inside, resize_flow
from ....optical_flow.geometry import WHOLE, resize_valid
from ...frames.pairs import FramePair


def intra_domain_consistency(
    logits: Tensor,
    propagated: Tensor,
    known: Tensor,
    counted: Tensor | None = None,
) -> tuple[Tensor, Tensor]:
    """Distance to the frame before, where that one was surer.

    The intra-domain temporal consistency regularisation of DA-VSN (Guan et
    al., ICCV 2021); values and gradients are those of
    https://github.com/Dayan-Guan/DA-VSN. With p = softmax(z_t), q the
    probabilities of the frame before, moved to t, and E the entropy,

        mean over classes and pixels of 1[known] 1[E(q) < E(p)] |p - q|,

    whose gradient goes through the p of the distance alone.

    Args:
        logits: z_t, (N, C, H, W).
        propagated: q, (N, C, H, W).
        known: Pixels that were seen in the frame before, bool (N, H, W).
        counted: Pixels that the mean is over, bool (N, H, W). Default: all.

    Returns:
        The mean, 0 where no pixel counts; and the share of these pixels that
        have a distance.
    """
    p = logits.softmax(1)
    q = propagated.detach()
    if counted is None:
        counted = torch.ones_like(known)
    surer = entropy(q) < entropy(p.detach())
    learns = known & counted & surer
    total = counted.sum().clamp(min=1)
    distance = ((p - q).abs() * learns[:, None]).sum()
    return distance / (total * logits.shape[1]), learns.sum() / total


def entropy(probabilities: Tensor) -> Tensor:
    """-sum_c p_c log p_c, 0 for p_c = 0.

    Args:
        probabilities: (N, C, ...).

    Returns:
        (N, ...).
    """
    return torch.special.entr(probabilities).sum(1)


@torch.no_grad()
def propagated_probabilities(
    logits: Tensor,
    pair: FramePair,
    valid: Tensor,
    align_corners: bool = False,
) -> tuple[Tensor, Tensor, Tensor]:
    """Probabilities of the frame before, moved to the later one.

    Bilinear and backwards, where DA-VSN has a loop that writes each pixel of
    the frame before to its place, which the flow of another pixel says.

    Args:
        logits: Of the frame before, at the size of a head, (N, C, h, w).
        pair: The flow, and where it counts, (N, H, W).
        valid: Pixels of both frames that are image and not padding, bool (N,
            H, W).
        align_corners: How logits of this head are resized, and so the flow.

    Returns:
        q, (N, C, h, w); where it was seen in the frame before, bool (N, h,
        w); and where the image is, bool (N, h, w).
    """
    size = logits.shape[-2:]
    flow = resize_flow(pair.flow, size, align_corners)
    image = resize_valid(valid, size, align_corners)
    known = resize_valid(pair.valid & valid, size, align_corners)
    # what is beyond the border, or was padding, is of no frame
    origin = backward_warp(image.to(flow.dtype)[:, None], flow)[:, 0]
    known = known & inside(flow) & (origin > WHOLE)
    return backward_warp(logits.softmax(1), flow), known, image
