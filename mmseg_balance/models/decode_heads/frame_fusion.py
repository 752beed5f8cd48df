"""Logits of a frame and those of the frame before it, fused (ACCEL)."""

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from ...optical_flow.geometry import resize_flow, resize_valid
from ...optical_flow.warping import backward_warp, inside


def propagate(
    logits: Tensor, flow: Tensor, valid: Tensor, align_corners: bool = False
) -> Tensor:
    """Move logits of the earlier frame to the later one.

    Bilinear. They are 0 where the flow does not count or leads beyond the
    border, as those that DA-VSN (ICCV 2021) has no pixel for; what it has
    there is no output of the network.

    Args:
        logits: Of the earlier frame, (N, C, h, w).
        flow: On the grid of the later frame, in pixels of the images, (N, 2,
            H, W).
        valid: Where it counts, bool (N, H, W).
        align_corners: How logits of this head are resized, and so its flow.

    Returns:
        (N, C, h, w).
    """
    size = logits.shape[-2:]
    counts = resize_valid(valid, size, align_corners)
    flow = resize_flow(flow, size, align_corners)
    counts = (counts & inside(flow))[:, None]
    return backward_warp(logits, flow).masked_fill(~counts, 0)


class FrameFusion(nn.Module):
    """z = K [z_t ; z_{t-1}], a 1x1 convolution of 2C logits into C.

    The fusion of ACCEL (Jain et al., CVPR 2019) as DA-VSN (ICCV 2021), TPS
    (ECCV 2022) and UVDA have it: without a bias, and at the start [1, 0],
    which is the frame's own logits. Nothing is drawn for it.

    Args:
        channels: Logits C of a pixel.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        start = torch.eye(channels, 2 * channels)
        self.weight = nn.Parameter(start[..., None, None])

    def forward(self, logits: Tensor, propagated: Tensor) -> Tensor:
        """Fuse logits.

        Args:
            logits: Of frames t, (N, C, h, w).
            propagated: Of the frames before, moved to t, (N, C, h, w).

        Returns:
            (N, C, h, w).
        """
        return F.conv2d(torch.cat([logits, propagated], dim=1), self.weight)
