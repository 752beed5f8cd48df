"""Segments numbered within their classes, as a model predicts them."""

from collections.abc import Sequence

import numpy as np

from .ids import LABEL_DIVISOR, VOID_ID
from .segments import Segment, segment_places


def numbered_segments(
    ids: np.ndarray, segments: Sequence[Segment]
) -> np.ndarray:
    """The labels of an image in the form of predictions.

    Args:
        ids: Ids of a file, (H, W).
        segments: The segments that it lists.

    Returns:
        int32 (H, W): class * ``LABEL_DIVISOR`` + number, from 1 for things in
        the order of the list, 0 for stuff and crowds; ``VOID_ID`` elsewhere.
    """
    values, counts = [VOID_ID], {}
    for segment in segments:
        label, number = segment['label'], 0
        if segment['isthing'] and not segment['iscrowd']:
            number = counts.get(label, 0) + 1
            counts[label] = number
        values.append(label * LABEL_DIVISOR + min(number, LABEL_DIVISOR - 1))
    return np.array(values, np.int32)[segment_places(ids, segments)]
