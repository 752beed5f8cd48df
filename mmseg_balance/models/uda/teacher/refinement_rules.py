"""Two labels of a pixel, of its frame and of the frame before: which counts.

The rules of UVDA (Kareer et al., "We're Not Using Videos Effectively", 2024).
Labels and weights agree with https://github.com/SimarKareer/UnifiedVideoDA,
whose way to move labels is not ours, see ``warp_labels``.
"""

from typing import NamedTuple

import torch
from torch import Tensor

from ...frames.pairs import IGNORED


class FrameLabels(NamedTuple):
    """What a teacher says of one frame, on the grid of the later one.

    Attributes:
        labels: (N, H, W), 255 where there is none.
        weight: Of each pixel, (N, H, W); 0 where there is no label.
        confidence: Probability of the most probable class, (N, H, W); None
            for rules that do not compare it.
    """

    labels: Tensor
    weight: Tensor
    confidence: Tensor | None = None


def filled(current: FrameLabels, moved: FrameLabels) -> FrameLabels:
    """Labels of the frame before, and of this one where there are none.

    Args:
        current: Of the frame itself.
        moved: Of the frame before, moved to this one.

    Returns:
        What is filled in is as sure as can be, so that a threshold, which is
        for what was moved, keeps it.
    """
    known = moved.labels != IGNORED
    confidence = moved.confidence
    if confidence is not None:
        confidence = confidence.masked_fill(~known, 1.0)
    return FrameLabels(
        torch.where(known, moved.labels, current.labels),
        torch.where(known, moved.weight, current.weight),
        confidence,
    )


def agreeing(current: FrameLabels, moved: FrameLabels) -> FrameLabels:
    """Labels that both frames have; the weight is that of the one before.

    Args:
        current, moved: See :func:`filled`.
    """
    return _kept(moved, current.labels == moved.labels)


def surer(current: FrameLabels, moved: FrameLabels) -> FrameLabels:
    """The label, and its weight, of the frame with the larger confidence.

    Args:
        current, moved: See :func:`filled`, with their confidence. Where
            nothing was moved, or both are as sure, it is that of the frame.
    """
    takes = (moved.labels != IGNORED) & (moved.confidence > current.confidence)
    return FrameLabels(
        torch.where(takes, moved.labels, current.labels),
        torch.where(takes, moved.weight, current.weight),
    )


def sure(moved: FrameLabels, threshold: float) -> FrameLabels:
    """The labels of the frame before that reach a confidence.

    Args:
        moved: See :func:`filled`, with its confidence.
        threshold: Confidence that a pixel must reach.
    """
    return _kept(moved, moved.confidence >= threshold)


def rarer(
    current: FrameLabels, moved: FrameLabels, ranks: Tensor
) -> FrameLabels:
    """Labels that both frames have; where they differ, the rarer one.

    The weight is that of the frame before, 0 where nothing was moved: a rare
    label of the frame itself does not count there, unless it is filled in.

    Args:
        current, moved: See :func:`filled`.
        ranks: Of each label, the lower the rarer, (256,); labels of one rank
            that differ give none. That of 255 is the highest.
    """
    own, other = ranks[current.labels], ranks[moved.labels]
    labels = torch.where(own < other, current.labels, moved.labels)
    keep = (current.labels == moved.labels) | (own != other)
    return _kept(FrameLabels(labels, moved.weight), keep)


def rarity(rare_classes: list[int], ordered: bool) -> Tensor:
    """Ranks of labels for :func:`rarer`.

    Args:
        rare_classes: Classes, the rarest first.
        ordered: Whether one of them is rarer than the next. False: all are
            as rare, and rarer than the others.

    Returns:
        int64 (256,).
    """
    ranks = torch.full((IGNORED + 1,), len(rare_classes))
    rank = torch.arange(len(rare_classes))
    ranks[list(rare_classes)] = rank if ordered else torch.zeros_like(rank)
    return ranks


def _kept(found: FrameLabels, keep: Tensor) -> FrameLabels:
    """Some of the labels; the others are ignored and weigh nothing."""
    keep = keep & (found.labels != IGNORED)
    return FrameLabels(
        found.labels.masked_fill(~keep, IGNORED),
        found.weight.masked_fill(~keep, 0.0),
    )
