"""Segments that were found over images, by both readings of void."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mmseg_balance.panoptic.overlaps import segment_overlaps
from mmseg_balance.panoptic.quality import PanopticCounts, count_matches

# class that public code writes void as; road in Cityscapes
ROAD = 0
VOID_APART = 'void_apart'
VOID_AS_ROAD = 'void_as_road'


@dataclass(frozen=True, eq=False)
class ImageCounts:
    """Counts of one image, or their sum over several.

    Attributes:
        num_images: How many.
        void_apart: Counts where predicted void is no segment.
        void_as_road: Counts where it is a part of the class 0, as in the
            public evaluation of EDAPS.
    """

    num_images: int
    void_apart: PanopticCounts
    void_as_road: PanopticCounts

    @classmethod
    def none(cls, num_classes: int) -> 'ImageCounts':
        """Those of no image."""
        nothing = PanopticCounts.none(num_classes)
        return cls(0, nothing, nothing)

    def __add__(self, other: 'ImageCounts') -> 'ImageCounts':
        return ImageCounts(
            self.num_images + other.num_images,
            self.void_apart + other.void_apart,
            self.void_as_road + other.void_as_road,
        )


def count_image(
    predicted: np.ndarray,
    labelled: np.ndarray,
    segments: Sequence[Mapping[str, Any]],
    num_classes: int,
) -> ImageCounts:
    """Compare the segments of one image.

    Args:
        predicted, labelled, segments: See
            :func:`~mmseg_balance.panoptic.overlaps.segment_overlaps`.
        num_classes: Number of classes C.

    Returns:
        Its counts.

    Raises:
        ValueError: Maps and segments do not fit each other or the classes.
    """
    overlaps = segment_overlaps(predicted, labelled, segments)
    return ImageCounts(
        1,
        count_matches(overlaps, num_classes),
        count_matches(overlaps.with_void_as(ROAD), num_classes),
    )
