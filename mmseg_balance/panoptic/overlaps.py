"""How many pixels each labelled segment shares with each predicted one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..errors import UserValueError
from .ids import FILE_VOID, LABEL_DIVISOR, VOID_LABEL
from .segments import segment_places, unlisted_ids


@dataclass(frozen=True, eq=False)
class SegmentOverlaps:
    """Pixels that segments of a label and of a prediction share.

    Attributes:
        pixels: int64 (1 + G, P). Row 0 is what has no label, row g + 1 the
            labelled segment g; the columns are the predicted segments.
        labels: Class of each labelled segment, int64 (G,).
        is_crowd: Whether it is a region of several objects, bool (G,).
        predicted: Class of each predicted segment, int64 (P,);
            ``VOID_LABEL`` for what was given to none.
    """

    pixels: np.ndarray
    labels: np.ndarray
    is_crowd: np.ndarray
    predicted: np.ndarray

    def with_void_as(self, label: int) -> 'SegmentOverlaps':
        """The same, with predicted void as pixels of a stuff class.

        Public code writes void as id 0, which is that of the class 0 (road)
        as well: what it gives to no segment is road there.

        Args:
            label: The class.

        Returns:
            Overlaps without a column of void; self where there is none.
        """
        is_void = self.predicted == VOID_LABEL
        if not is_void.any():
            return self
        void = self.pixels[:, is_void].sum(axis=1, keepdims=True)
        pixels, predicted = self.pixels[:, ~is_void], self.predicted[~is_void]
        of_class = np.flatnonzero(predicted == label)
        if of_class.size:
            pixels[:, of_class[0]] += void[:, 0]
        else:
            pixels = np.concatenate([pixels, void], axis=1)
            predicted = np.append(predicted, label)
        return replace(self, pixels=pixels, predicted=predicted)


def segment_overlaps(
    predicted: np.ndarray,
    labelled: np.ndarray,
    segments: Sequence[Mapping[str, Any]],
) -> SegmentOverlaps:
    """Count shared pixels in one pass over the two maps.

    Args:
        predicted: Ids of predicted segments (H, W): class *
            ``LABEL_DIVISOR`` + number, void as ``VOID_LABEL`` *
            ``LABEL_DIVISOR``.
        labelled: Ids of labelled segments (H, W), 0 where there is none.
        segments: What is known of these: 'id', 'label' (the class) and,
            where it is one, 'iscrowd'. A segment without a pixel is kept:
            it is missed by every prediction.

    Returns:
        The overlaps, labelled segments in the order of ``segments``.

    Raises:
        ValueError: The maps differ in size, an id is negative or listed
            twice, or the label has one that is not listed.
    """
    if predicted.shape != labelled.shape:
        raise UserValueError(
            'expected the predicted and the labelled segments to be of one '
            f'size, but got {predicted.shape} and {labelled.shape}'
        )
    rows = _labelled_rows(labelled, segments)
    found, columns = present_ids(predicted)
    shape = len(segments) + 1, len(found)
    columns += rows * shape[1]
    pairs = np.bincount(columns, minlength=shape[0] * shape[1])
    return SegmentOverlaps(
        pixels=pairs.reshape(shape),
        labels=np.array([s['label'] for s in segments], np.int64),
        is_crowd=np.array([bool(s.get('iscrowd')) for s in segments], bool),
        predicted=found // LABEL_DIVISOR,
    )


def _labelled_rows(
    labelled: np.ndarray, segments: Sequence[Mapping[str, Any]]
) -> np.ndarray:
    """Row of each pixel: 0 for void, k + 1 for segment k, (H * W,)."""
    ids = [segment['id'] for segment in segments]
    if len(set(ids)) < len(ids) or min(ids, default=1) <= FILE_VOID:
        raise UserValueError(
            'expected each segment of segments_info to have an id of its '
            f'own, above {FILE_VOID}, but got {sorted(ids)}'
        )
    if labelled.size and labelled.min() < 0:
        raise UserValueError(
            f'a labelled segment has the id {labelled.min()}, expected 0 or '
            'more'
        )
    rows = segment_places(labelled, segments)
    unlisted = unlisted_ids(labelled, rows)
    if unlisted:
        raise UserValueError(
            f'the label has segments {unlisted[:5]} that segments_info does '
            'not list'
        )
    return rows.ravel()


def present_ids(predicted: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Ids of predicted segments that occur.

    Args:
        predicted: Ids of segments (H, W).

    Returns:
        The ids in ascending order, and for each pixel the position of its id
        in them, int64 (H * W,).

    Raises:
        ValueError: An id is outside of what a prediction may have.
    """
    flat = predicted.ravel()
    limit = (VOID_LABEL + 1) * LABEL_DIVISOR
    if flat.size and not 0 <= flat.min() <= flat.max() < limit:
        raise UserValueError(
            f'predicted segments have ids from {flat.min()} to {flat.max()}, '
            f'expected 0 to {limit - 1}: label * {LABEL_DIVISOR} + number'
        )
    found = np.flatnonzero(np.bincount(flat))
    position = np.zeros(limit, np.int64)
    position[found] = np.arange(len(found))
    return found, position[flat]
