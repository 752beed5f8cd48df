"""Distances to the nearest features of the source (Eq. 1 and 6 of PHFA)."""

import torch
from torch import Tensor

from .feature_buffer import FeatureBuffer


def stuff_distance(
    features: Tensor, counts: Tensor, buffer: FeatureBuffer
) -> Tensor:
    """Distance of stuff, summed over classes (Eq. 6); mean over images.

    Args:
        features: Of B classes in N images, (B, N, C).
        counts: Which of them count, bool (B, N).
        buffer: Features of the source.
    """
    distance = nearest_distance(features, buffer.features)
    counts = counts & buffer.is_full[:, None]
    return torch.where(counts, distance, 0).sum() / counts.shape[1]


def object_distance(
    features: Tensor, counts: Tensor, buffer: FeatureBuffer
) -> tuple[Tensor, Tensor]:
    """Mean distance of the objects of a class, summed over classes (Eq. 1).

    Args:
        features: Of M objects of K classes in N images, (K, N, M, C).
        counts: Which of them there are, bool (K, N, M).
        buffer: Features of the source.

    Returns:
        The sum, its mean over images; and how many objects an image have a
        distance.
    """
    distance = nearest_distance(features.flatten(1, 2), buffer.features)
    distance = distance.view(counts.shape)
    counts = counts & buffer.is_full[:, None, None]
    shares = counts / counts.sum(-1, keepdim=True).clamp(min=1)
    images = counts.shape[1]
    total = torch.where(counts, distance, 0) * shares
    return total.sum() / images, counts.sum() / images


def nearest_distance(features: Tensor, buffer: Tensor) -> Tensor:
    """Mean absolute difference to the buffered feature that is nearest.

    The norm of the equations divided by the number of channels, as in the
    public code of SIM (CVPR 2020) that they are from.

    Args:
        features: (K, M, C).
        buffer: R features of each of the K classes, (K, R, C).

    Returns:
        (K, M), of which the gradient is that of the least distance.
    """
    with torch.no_grad():
        index = torch.cdist(features, buffer, p=1).argmin(-1)
        index = index[..., None].expand(*index.shape, buffer.shape[-1])
        nearest = buffer.gather(1, index)
    return (features - nearest).abs().mean(-1)
