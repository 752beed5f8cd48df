"""Panoptic quality: how many segments are found, and how well.

From "Panoptic Segmentation" (Kirillov et al., CVPR 2019), as the evaluation
of Cityscapes (cityscapesScripts) counts it.
"""

from dataclasses import dataclass

import numpy as np

from ..errors import UserValueError
from .ids import VOID_LABEL
from .overlaps import SegmentOverlaps

# more than half: at most one segment fits another then
MIN_IOU = 0.5


@dataclass(frozen=True, eq=False)
class PanopticCounts:
    """What panoptic quality is made of, a number a class, to be added up.

    Attributes:
        tp: Segments that were found (true positives), int64 (C,).
        fp: Predicted segments that fit none, int64 (C,).
        fn: Labelled segments that no prediction fits, int64 (C,).
        iou_sum: Sum of the IoU of what was found, float64 (C,).
    """

    tp: np.ndarray
    fp: np.ndarray
    fn: np.ndarray
    iou_sum: np.ndarray

    @classmethod
    def none(cls, num_classes: int) -> 'PanopticCounts':
        """Those of no image."""
        counts = (np.zeros(num_classes, np.int64) for _ in range(3))
        return cls(*counts, iou_sum=np.zeros(num_classes))

    def __add__(self, other: 'PanopticCounts') -> 'PanopticCounts':
        return PanopticCounts(
            self.tp + other.tp,
            self.fp + other.fp,
            self.fn + other.fn,
            self.iou_sum + other.iou_sum,
        )


def count_matches(
    overlaps: SegmentOverlaps, num_classes: int
) -> PanopticCounts:
    """Found, wrong and missed segments of one image.

    A predicted segment fits a labelled one of its class where their IoU is
    above 0.5; pixels without a label are left out of it. Crowd regions are
    neither found nor missed. A prediction that fits none is not wrong where
    more than half of it lies on pixels without a label and on the crowd
    region of its class (the last listed, if there are several). Predicted
    void is not counted.

    Args:
        overlaps: Shared pixels of its segments.
        num_classes: Number of classes C.

    Returns:
        The counts.

    Raises:
        ValueError: A segment is of another class than 0 to C - 1.
    """
    labels, predicted = overlaps.labels, overlaps.predicted
    is_segment = predicted != VOID_LABEL
    for name, classes in (
        ('labelled', labels),
        ('predicted', predicted[is_segment]),
    ):
        outside = classes[(classes < 0) | (classes >= num_classes)]
        if outside.size:
            raise UserValueError(
                f'a {name} segment is of the class {outside[0]}, expected 0 '
                f'to {num_classes - 1}'
            )
    unlabelled, shared = overlaps.pixels[0], overlaps.pixels[1:]
    area = overlaps.pixels.sum(axis=0)
    union = shared.sum(axis=1, keepdims=True) + area - shared - unlabelled
    # a segment without a pixel beside a prediction on void: 0 / 0
    iou = shared / np.maximum(union, 1)
    fits = (labels[:, None] == predicted) & (iou > MIN_IOU)
    fits &= ~overlaps.is_crowd[:, None]
    missed = ~fits.any(axis=1) & ~overlaps.is_crowd
    wrong = ~fits.any(axis=0) & is_segment
    wrong &= (unlabelled + _crowd_pixels(overlaps)) / area <= 0.5

    def number(classes: np.ndarray) -> np.ndarray:
        return np.bincount(classes, minlength=num_classes)

    found, _ = np.nonzero(fits)
    return PanopticCounts(
        tp=number(labels[found]),
        fp=number(predicted[wrong]),
        fn=number(labels[missed]),
        iou_sum=np.bincount(labels[found], iou[fits], num_classes),
    )


def _crowd_pixels(overlaps: SegmentOverlaps) -> np.ndarray:
    """Pixels of each prediction on the crowd region of its class, (P,)."""
    pixels = np.zeros(len(overlaps.predicted), np.int64)
    for row in np.flatnonzero(overlaps.is_crowd):
        of_class = overlaps.predicted == overlaps.labels[row]
        pixels[of_class] = overlaps.pixels[row + 1, of_class]
    return pixels


def panoptic_quality(counts: PanopticCounts) -> dict[str, np.ndarray]:
    """PQ = SQ * RQ of each class: segments found, and how well.

    ::

        PQ = sum of IoU / (TP + FP / 2 + FN / 2)
        SQ = sum of IoU / TP                (0 where nothing was found)
        RQ = TP / (TP + FP / 2 + FN / 2)

    Args:
        counts: Of all images.

    Returns:
        Under 'PQ', 'SQ' and 'RQ' float64 (C,) between 0 and 1; NaN for
        classes that are neither labelled nor predicted.
    """
    segments = counts.tp + counts.fp / 2 + counts.fn / 2
    present = segments > 0

    def share(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
        values = part / np.where(whole > 0, whole, 1)
        return np.where(present, values, np.nan)

    return {
        'PQ': share(counts.iou_sum, segments),
        'SQ': share(counts.iou_sum, counts.tp),
        'RQ': share(counts.tp, segments),
    }
