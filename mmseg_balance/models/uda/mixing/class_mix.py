"""ClassMix: half of the source's classes are pasted onto the target."""

import torch
from torch import Tensor


def draw_mix_masks(labels: Tensor) -> Tensor:
    """Masks of the source pixels that are pasted, one draw an image.

    For each image ceil(n / 2) of the n classes that occur in the WHOLE
    batch, ignored pixels counting as one of them: as in DAFormer and MIC,
    where the batch's classes, not the image's, are drawn from.

    Args:
        labels: Source labels, 0 .. 255, (N, H, W).

    Returns:
        Bool (N, H, W).
    """
    return class_masks(labels, draw_mix_classes(labels))


def draw_mix_classes(labels: Tensor) -> Tensor:
    """Classes that are pasted, one draw an image; see ``draw_mix_masks``.

    Args:
        labels: As there.

    Returns:
        Bool (N, 256), by class.
    """
    device = labels.device
    present = torch.zeros(256, dtype=torch.bool, device=device)
    # not by an index, for which PyTorch copies True to a GPU and waits for it
    present.index_fill_(0, labels.flatten(), True)
    half = (present.sum() + 1) // 2
    # a random order in which absent classes come last: no class list, whose
    # length the host would have to wait for
    keys = torch.rand(len(labels), 256, device=device) + 2.0 * ~present
    rank = keys.argsort(1).argsort(1)
    return rank < half


def class_masks(labels: Tensor, chosen: Tensor) -> Tensor:
    """Pixels whose class is chosen.

    Args:
        labels: (N, H, W), 0 .. 255.
        chosen: Bool (N, 256), by class.

    Returns:
        Bool (N, H, W).
    """
    return chosen.gather(1, labels.flatten(1)).view_as(labels)


def mix(mask: Tensor, source: Tensor, target: Tensor) -> Tensor:
    """Source where the mask is set, target elsewhere.

    Args:
        mask: Bool (N, H, W).
        source, target: Images (N, 3, H, W) or maps (N, H, W).
    """
    if source.dim() == 4:
        mask = mask.unsqueeze(1)
    return torch.where(mask, source, target)
