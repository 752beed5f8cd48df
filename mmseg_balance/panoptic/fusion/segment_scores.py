"""Scores of segments that no detector gave one."""

from typing import NamedTuple

import torch
from torch import Tensor

from ..ids import LABEL_DIVISOR


class ScoredSegments(NamedTuple):
    """The segments of things of an image, by ascending id.

    Attributes:
        ids: Ids (N,).
        labels: Classes (N,).
        scores: Confidence (N,), in float64.
    """

    ids: Tensor
    labels: Tensor
    scores: Tensor


def score_segments(
    segments: Tensor, probabilities: Tensor, is_thing: Tensor
) -> ScoredSegments:
    """Mean probability of the class over each segment of a thing.

    Args:
        segments: Ids (H, W), as of ``assemble_segments``.
        probabilities: Of each class at each pixel, (C, H, W).
        is_thing: Whether each class has instances, (C,), boolean.

    Returns:
        The segments as (ids, labels, scores).
    """
    found, place = segments.unique(return_inverse=True)
    label = found.long().div(LABEL_DIVISOR, rounding_mode='floor')
    classes = len(is_thing)
    label_or_0 = label.clamp(max=classes - 1)
    scores = probabilities.gather(0, label_or_0[place][None])[0].double()
    place = place.flatten()
    total = scores.new_zeros(len(found)).scatter_add_(
        0, place, scores.flatten()
    )
    size = torch.zeros_like(total).scatter_add_(
        0, place, total.new_ones(1).expand_as(place)
    )
    kept = (label < classes) & is_thing[label_or_0]
    return ScoredSegments(found[kept], label[kept], (total / size)[kept])
