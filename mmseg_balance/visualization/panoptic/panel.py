"""Labelled segments without their image, as a panel of a figure."""

from collections.abc import Sequence

import cv2
import numpy as np

from mmseg_balance.panoptic.ids import VOID_ID

from .names import write_names
from .segments import paint_segments


def segment_panel(
    ids: np.ndarray,
    palette: Sequence,
    classes: Sequence[str],
    width: int,
    void: Sequence[int] = (0, 0, 0),
) -> np.ndarray:
    """Paint segments, and write the names of things on them.

    Args:
        ids: Ids of segments (H, W), class * 1000 + number.
        palette: RGB of each class.
        classes: Their names.
        width: Of the panel, in pixels: names are as large as they can be
            read there.
        void: RGB of what is no segment.

    Returns:
        RGB, uint8 (.., width, 3).
    """
    height = max(1, round(width / ids.shape[1] * ids.shape[0]))
    ids = cv2.resize(ids, (width, height), interpolation=cv2.INTER_NEAREST)
    blank = np.full((*ids.shape, 3), void, np.uint8)
    painted = paint_segments(blank, ids, palette, opacity=1)
    painted[ids == VOID_ID] = void
    return write_names(painted, ids, classes)
