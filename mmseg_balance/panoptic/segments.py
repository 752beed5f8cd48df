"""Listed segments of an image, and where they are in its map of ids."""

from collections.abc import Sequence
from typing import TypedDict

import numpy as np

from .ids import FILE_VOID, VOID_LABEL


class Segment(TypedDict):
    """What a file lists of a segment.

    Attributes:
        id: Its value in the map of ids.
        label: Its class, 0 .. C - 1.
        isthing: Whether the class is one of things.
        iscrowd: Whether it is a group of things that nobody told apart.
        area: Pixels in the whole image.
        bbox: Left, top, width and height there.
    """

    id: int
    label: int
    isthing: bool
    iscrowd: bool
    area: int
    bbox: list[float]


def segment_places(ids: np.ndarray, segments: Sequence[Segment]) -> np.ndarray:
    """Which listed segment each pixel belongs to.

    Args:
        ids: Map of ids, integers from 0, (H, W).
        segments: N listed segments, each with an id of its own.

    Returns:
        int32 (H, W): 1 + the position in the list, 0 for other ids.
    """
    listed = [segment['id'] for segment in segments]
    highest = max(int(ids.max(initial=0)), *listed, 0)
    # of the 2^24 ids there may be, memory is touched for those that occur
    table = np.zeros(highest + 1, dtype=np.int32)
    table[listed] = np.arange(1, len(listed) + 1)
    return table[ids]


def unlisted_ids(ids: np.ndarray, places: np.ndarray) -> list[int]:
    """Ids of an image that its list has not.

    Args:
        ids: Map of ids, (H, W).
        places: Of :func:`segment_places`, for segments above ``FILE_VOID``.

    Returns:
        They, in ascending order.
    """
    # counts are a tenth of the time of a look at each pixel
    if np.count_nonzero(places) == np.count_nonzero(ids != FILE_VOID):
        return []
    return np.unique(ids[(places == 0) & (ids != FILE_VOID)]).tolist()


def semantic_map(
    places: np.ndarray, segments: Sequence[Segment]
) -> np.ndarray:
    """Labels of the segments; crowds and what is not listed are ignored.

    Args:
        places: Of :func:`segment_places`, (H, W).
        segments: The listed segments.

    Returns:
        uint8 (H, W), 255 where ignored.
    """
    labels = [
        VOID_LABEL if segment['iscrowd'] else segment['label']
        for segment in segments
    ]
    return np.array([VOID_LABEL, *labels], dtype=np.uint8)[places]
