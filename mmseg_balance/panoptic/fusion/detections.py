"""Fusion of a semantic map with detected masks (top-down)."""

import torch
from torch import Tensor

from ...errors import UserValueError
from .assembly import assemble_segments


def fuse_detections(
    semantic: Tensor,
    scores: Tensor,
    labels: Tensor,
    masks: Tensor,
    is_thing: Tensor,
    score_threshold: float = 0.95,
    stuff_area: int = 2048,
    hide_stuff: bool = False,
) -> Tensor:
    """Segments of confident detections, with classes of the semantic map.

    Masks are painted class by class, and by descending score within a class,
    one over the other: the highest class, and of it the lowest score, win an
    overlap. See :func:`assemble_segments` for what becomes of them; class
    and score of a detection do not count any more there.

    With ``hide_stuff`` this is the rule of
    https://github.com/susaha/edaps.

    Args:
        semantic: Class of each pixel (H, W), integers.
        scores: Confidence of each of K detections, (K,).
        labels: Their classes (K,), in any numbering: only the order counts.
        masks: Their pixels (K, H, W), boolean.
        is_thing: Whether each class has instances, (C,), boolean.
        score_threshold: Lowest score of a detection that counts. A float32
            score of 0.95, which is 0.94999998, does not reach 0.95.
        stuff_area: Fewest pixels of stuff of one class.
        hide_stuff: Make stuff under a painted mask void. The public code
            does so; here it stays what the semantic map says.

    Returns:
        Ids (H, W) in int32, as of :func:`assemble_segments`.

    Raises:
        ValueError: The numbers of scores, labels and masks differ, or
            masks and the semantic map are of different sizes.
    """
    if not len(scores) == len(labels) == len(masks):
        raise UserValueError(
            'Expected one score, one label and one mask for each detection, '
            f'but got {len(scores)}, {len(labels)} and {len(masks)}'
        )
    painted = torch.zeros_like(semantic, dtype=torch.int32)
    if len(masks) and masks.shape[1:] != semantic.shape:
        raise UserValueError(
            'Expected masks of the size of the semantic map, '
            f'{tuple(semantic.shape)}, but got {tuple(masks.shape[1:])}'
        )
    order = _painting_order(scores, labels, score_threshold)
    for number, index in enumerate(order, start=1):
        painted.masked_fill_(masks[index].bool(), number)
    return assemble_segments(
        semantic,
        painted,
        len(order),
        is_thing,
        stuff_area,
        hidden=painted > 0 if hide_stuff else None,
    )


def _painting_order(
    scores: Tensor, labels: Tensor, threshold: float
) -> list[int]:
    """Indices of the detections that count, the first to be painted first."""
    # Python compares in float64, as the public code does
    pairs = zip(labels.tolist(), scores.tolist(), strict=True)
    detections = [
        (label, -score, index)
        for index, (label, score) in enumerate(pairs)
        if score >= threshold
    ]
    return [index for _, _, index in sorted(detections)]
