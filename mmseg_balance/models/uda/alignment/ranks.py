"""Features of all ranks, so that their buffers stay equal."""

import torch
from mmengine.dist import all_gather, get_world_size
from torch import Tensor


def of_all_ranks(features: Tensor, is_kept: Tensor) -> tuple[Tensor, Tensor]:
    """Features of the images of all ranks, those of the first one first.

    One message of a size that depends on no image, also where nothing is
    kept: no rank waits for another in vain. Each rank writes what it is
    given into its own buffers, which so are those of one rank with all
    images.

    Args:
        features: Of the N images of this rank, float32 (N, S, C).
        is_kept: bool (N, S).

    Returns:
        Those of the N * R images of R ranks.
    """
    if get_world_size() == 1:
        return features, is_kept
    message = torch.cat([features, is_kept[..., None].float()], -1)
    message = torch.cat(all_gather(message))
    return message[..., :-1], message[..., -1] > 0.5
