"""Images as they were before they were normalised."""

import numpy as np
import torch
from torch import Tensor, nn

from ... import compat

WHITE = 255


def original_image(
    image: Tensor, preprocessor: nn.Module | None
) -> np.ndarray:
    """Undo what a data preprocessor does to colours.

    Args:
        image: Normalised, (channels, H, W).
        preprocessor: What normalised it, one of MMSegmentation's; None: it
            is as it was.

    Returns:
        RGB (H, W, 3) in uint8. Of images with other than three channels the
        first one, from black to white; so are images whose values are not
        those of 8 bits.
    """
    image = image.detach().float().cpu()
    if getattr(preprocessor, 'mean', None) is not None:
        std, mean = (
            torch.as_tensor(x).float().cpu()
            for x in (preprocessor.std, preprocessor.mean)
        )
        image = image * std + mean
    if len(image) != 3:
        image = _stretched(image[:1]).expand(3, -1, -1)
    elif not compat.swaps_channels(preprocessor):
        image = image.flip(0)  # files are read as BGR
    if image.max() > 2 * WHITE:
        image = _stretched(image)
    image = image.clamp(0, WHITE).round().byte()
    return image.permute(1, 2, 0).numpy()


def _stretched(image: Tensor) -> Tensor:
    low, high = image.min(), image.max()
    return (image - low) / (high - low).clamp(min=1e-6) * WHITE
