"""Flows of frames that are resized or mirrored."""

import cv2
import numpy as np
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

# less of a resized validity is a mean with pixels that do not count
WHOLE = 0.999


def resize_flow(
    flow: Tensor, size: tuple[int, int], align_corners: bool = False
) -> Tensor:
    """Bring a flow to the size of logits or features.

    Args:
        flow: (N, 2, H, W) in pixels.
        size: New height and width.
        align_corners: How it is interpolated; the public code of DA-VSN and
            TPS has True.

    Returns:
        (N, 2, *size), in pixels of the new size: u is multiplied by the
        ratio of the widths, v by that of the heights.
    """
    height, width = flow.shape[-2:]
    resized = F.interpolate(
        flow, size, mode='bilinear', align_corners=align_corners
    )
    ratios = flow.new_tensor([size[1] / width, size[0] / height])
    return resized * ratios[:, None, None]


def resize_flow_array(
    flow: np.ndarray, valid: np.ndarray, size: tuple[int, int]
) -> tuple[np.ndarray, np.ndarray]:
    """The same of one flow of a file, with where it counts.

    Args:
        flow: (H, W, 2) in pixels.
        valid: Bool (H, W).
        size: New height and width.

    Returns:
        Flow (*size, 2) in pixels of the new size, and bool (*size): where no
        pixel that does not count has a share in it.
    """
    height, width = flow.shape[:2]
    ratios = np.float32([size[1] / width, size[0] / height])
    resized = cv2.resize(
        flow.astype(np.float32), size[::-1], interpolation=cv2.INTER_LINEAR
    )
    share = cv2.resize(
        valid.astype(np.float32), size[::-1], interpolation=cv2.INTER_LINEAR
    )
    return resized * ratios, share > WHOLE


def negate_flipped(flow: np.ndarray, direction: str) -> np.ndarray:
    """Turn the arrows of a flow whose pixels were mirrored.

    Args:
        flow: (H, W, 2), mirrored as an image is.
        direction: 'horizontal', 'vertical' or 'diagonal', as
            MMSegmentation's ``RandomFlip`` has them.

    Returns:
        The flow of the mirrored frames: u negated in the first and last
        case, v in the others.
    """
    signs = np.ones(2, dtype=flow.dtype)
    if direction in ('horizontal', 'diagonal'):
        signs[0] = -1
    if direction in ('vertical', 'diagonal'):
        signs[1] = -1
    return flow * signs


def resize_valid(
    valid: Tensor, size: tuple[int, int], align_corners: bool = False
) -> Tensor:
    """Where a flow of ``resize_flow`` counts.

    Args:
        valid: Bool (N, H, W).
        size: New height and width.
        align_corners: As for the flow.

    Returns:
        Bool (N, *size): where no pixel that does not count has a share in
        the resized flow.
    """
    share = F.interpolate(
        valid[:, None].float(),
        size,
        mode='bilinear',
        align_corners=align_corners,
    )
    return share[:, 0] > WHOLE
