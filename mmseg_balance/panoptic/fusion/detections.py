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
    lowest_score_wins: bool = False,
) -> Tensor:
    """Segments of confident detections, with classes of the semantic map.

    Where masks overlap, a pixel is of the one with the highest score. See
    :func:`assemble_segments` for what becomes of them; class and score of a
    detection do not count any more there.

    With ``hide_stuff`` and ``lowest_score_wins`` this is the rule of
    https://github.com/susaha/edaps.

    Args:
        semantic: Class of each pixel (H, W), integers.
        scores: Confidence of each of K detections, (K,).
        labels: Their classes (K,), in any numbering: only their order counts,
            and only with ``lowest_score_wins``.
        masks: Their pixels (K, H, W), boolean.
        is_thing: Whether each class has instances, (C,), boolean.
        score_threshold: Lowest score of a detection that counts. A float32
            score of 0.95, which is 0.94999998, does not reach 0.95.
        stuff_area: Fewest pixels of stuff of one class.
        hide_stuff: Make stuff under a painted mask void. The public code
            does so; here it stays what the semantic map says.
        lowest_score_wins: Give overlaps to the highest class, and within a
            class to the lowest score. The public code does so, as it paints
            class by class and by descending score, one over the other.

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
    order = _by_rank(scores, labels, score_threshold, lowest_score_wins)
    numbers = list(enumerate(order, start=1))
    # what is painted last wins
    for number, index in numbers if lowest_score_wins else numbers[::-1]:
        painted.masked_fill_(masks[index].bool(), number)
    return assemble_segments(
        semantic,
        painted,
        len(order),
        is_thing,
        stuff_area,
        hidden=painted > 0 if hide_stuff else None,
    )


def _by_rank(
    scores: Tensor, labels: Tensor, threshold: float, by_class: bool
) -> list[int]:
    """Indices of the detections that count, in the order of their numbers."""
    # Python compares in float64, as the public code does
    pairs = zip(labels.tolist(), scores.tolist(), strict=True)
    detections = [
        (label if by_class else 0, -score, index)
        for index, (label, score) in enumerate(pairs)
        if score >= threshold
    ]
    return [index for _, _, index in sorted(detections)]
