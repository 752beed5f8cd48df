"""Pairs of frames, mixed as single images are."""

import torch
from torch import Tensor

from ....optical_flow.warping import warp_labels
from ...frames.pairs import FramePair, frame_pair, image_channels, stack_frames
from .class_mix import mix

FRAME_MASKS = ('image', 'own')
OUTSIDE = 2


def mix_images(
    mask: Tensor,
    source: Tensor,
    target: Tensor,
    earlier_mask: Tensor | None = None,
) -> Tensor:
    """Source where the mask is set, target elsewhere, of both frames alike.

    Consistent mixing of UVDA: the mask of the image also cuts the frame
    before it, and the flow. The flow then counts where it did before and,
    unlike there, leads to a pixel of the same domain.

    Args:
        mask: Bool (N, H, W).
        source, target: Images (N, 3, H, W), or of ``stack_frames``, (N, 9,
            H, W).
        earlier_mask: Of the frames before, where it is another.

    Returns:
        As source and target.
    """
    images = mix(mask, source, target)
    pair = frame_pair(images)
    if pair is None:
        return images
    if earlier_mask is None:
        earlier_mask, earlier = mask, pair.images
    else:
        earlier = mix(earlier_mask, source[:, 3:6], target[:, 3:6])
    valid = pair.valid & leads_to_own(mask, earlier_mask, pair.flow)
    return stack_frames(
        image_channels(images), FramePair(earlier, pair.flow, valid)
    )


def leads_to_own(mask: Tensor, earlier_mask: Tensor, flow: Tensor) -> Tensor:
    """Where a mixed flow leads to a pixel of the domain that it comes from.

    Args:
        mask: Pixels of images that are the source's, bool (N, H, W).
        earlier_mask: The same of the frames before.
        flow: Of the mixed images, (N, 2, H, W).

    Returns:
        Bool (N, H, W); False where it leads beyond the border.
    """
    moved = warp_labels(earlier_mask.to(torch.uint8), flow, None, OUTSIDE)
    return moved == mask
