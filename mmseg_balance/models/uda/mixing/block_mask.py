"""Random square blocks of an image, hidden (MIC)."""

import torch
from torch import Tensor
from torch.nn import functional as F

from ...frames.pairs import changed_frames


def hidden(images: Tensor, mask: Tensor) -> Tensor:
    """Images of which parts are hidden; of the frames before them the same.

    Args:
        images: Normalised, (N, 3, H, W), or of ``stack_frames``, (N, 9, H,
            W), whose flow stays.
        mask: Of ``block_mask``.

    Returns:
        The images, 0 where the mask is.
    """
    return changed_frames(images, lambda x: x * mask)


def block_mask(
    images: Tensor,
    block_size: int,
    mask_ratio: float,
    noise: Tensor | None = None,
) -> Tensor:
    """Which pixels stay, square by square, one draw for each image.

    Agrees with https://github.com/lhoyer/MIC: a grid of round(H / block) x
    round(W / block) cells, each kept where a uniform number is above the
    ratio, stretched over the image by the nearest cell. Blocks that do not
    divide the image are a little larger or smaller than ``block_size``; an
    image smaller than half a block is one cell.

    Args:
        images: (N, 3, H, W); its shape and device count.
        block_size: Side of a block in pixels.
        mask_ratio: Share of blocks that are hidden, in expectation.
        noise: The uniform numbers, (N, 1, round(H / block), round(W /
            block)). Default: drawn on the device.

    Returns:
        1 for pixels that stay and 0 for others, float32 (N, 1, H, W).
    """
    height, width = images.shape[-2:]
    if noise is None:
        cells = (max(round(side / block_size), 1) for side in (height, width))
        noise = torch.rand(len(images), 1, *cells, device=images.device)
    kept = (noise > mask_ratio).float()
    return F.interpolate(kept, size=(height, width), mode='nearest')
