"""What an instance branch learns from: boxes and masks, or centres.

Both match what github.com/susaha/edaps makes of the map of segment ids after
crop and flip: the top-down targets those of its Mask R-CNN decoder
("M-Dec-TD"), the bottom-up targets those of its centres and offsets
("M-Dec-BU", after Panoptic-DeepLab, Cheng et al., CVPR 2020).
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from scipy.ndimage import find_objects

from .segments import Segment


class InstanceTargets(NamedTuple):
    """Targets of a top-down branch.

    Attributes:
        bboxes: float32 (K, 4): left, top, right, bottom; the last pixel
            counts in, so that a box is a pixel short of its mask.
        labels: int64 (K,): position of the class among the things.
        masks: bool (K, H, W): the whole segment, in parts or not.
    """

    bboxes: np.ndarray
    labels: np.ndarray
    masks: np.ndarray


class CenterTargets(NamedTuple):
    """Targets of a bottom-up branch, all float32.

    Attributes:
        heatmap: (1, H, W), 1 at the centre of mass of each thing.
        offset: (2, H, W), pixels down and to the right, from each pixel of a
            thing to its centre.
        center_weight: (1, H, W), 0 where the heatmap is not learnt: on
            crowds, and on what is not listed.
        offset_weight: (1, H, W), 1 on things that are no crowd.
    """

    heatmap: np.ndarray
    offset: np.ndarray
    center_weight: np.ndarray
    offset_weight: np.ndarray


def instance_targets(
    places: np.ndarray, segments: Sequence[Segment], things: Sequence[int]
) -> InstanceTargets:
    """Boxes, classes and masks of the things of a crop.

    Crowds are left out, and what is one pixel wide or high, which has no
    area as a box.

    Args:
        places: Of ``segment_places``, (H, W).
        segments: The listed segments.
        things: Labels of the classes of things.

    Returns:
        K instances, in the order of the list.
    """
    found = [
        (window, segments[i]['label'], mask)
        for i, window, mask in _things(places, segments)
        if not segments[i]['iscrowd'] and min(mask.shape) > 1
    ]
    masks = np.zeros((len(found), *places.shape), dtype=bool)
    bboxes = np.zeros((len(found), 4), dtype=np.float32)
    for k, ((rows, columns), _, mask) in enumerate(found):
        masks[k, rows, columns] = mask
        bboxes[k] = columns.start, rows.start, columns.stop - 1, rows.stop - 1
    order = {label: k for k, label in enumerate(things)}
    labels = np.array([order[label] for _, label, _ in found], dtype=np.int64)
    return InstanceTargets(bboxes, labels, masks)


def center_targets(
    places: np.ndarray, segments: Sequence[Segment], sigma: int = 8
) -> CenterTargets:
    """Heatmap of centres, and the way of each pixel to its centre.

    A crowd has a centre as well, which is not learnt within the crowd
    itself, as in EDAPS.

    Args:
        places: Of ``segment_places``, (H, W).
        segments: The listed segments.
        sigma: Of the Gaussian round a centre, pixels.

    Returns:
        They, and their weights.
    """
    height, width = places.shape
    heatmap = np.zeros((1, height, width), dtype=np.float32)
    offset = np.zeros((2, height, width), dtype=np.float32)
    peak = _peak(sigma)
    axes = [np.arange(n, dtype=np.float32) for n in places.shape]
    for _, window, mask in _things(places, segments):
        y, x = (axis[span] for axis, span in zip(axes, window, strict=True))
        cy, cx = _center(mask, window)
        _add_peak(heatmap[0], peak, int(cy), int(cx))
        np.copyto(offset[0][window], (np.float32(cy) - y)[:, None], where=mask)
        np.copyto(offset[1][window], np.float32(cx) - x, where=mask)
    whole = [not segment['iscrowd'] for segment in segments]
    alone = [s['isthing'] and not s['iscrowd'] for s in segments]
    weights = np.array([[False, *whole], [False, *alone]], dtype=np.float32)
    return CenterTargets(
        heatmap, offset, weights[0][places][None], weights[1][places][None]
    )


def _things(
    places: np.ndarray, segments: Sequence[Segment]
) -> Iterator[tuple[int, tuple[slice, slice], np.ndarray]]:
    """Position, window and the mask in it of each thing that shows."""
    windows = find_objects(places, max_label=len(segments))
    for i, window in enumerate(windows):
        if segments[i]['isthing'] and window is not None:
            yield i, window, places[window] == i + 1


def _center(
    mask: np.ndarray, window: tuple[slice, slice]
) -> tuple[float, float]:
    """Centre of mass: row and column in the whole image."""
    counts = mask.sum(axis=1), mask.sum(axis=0)
    cy, cx = (
        count @ np.arange(span.start, span.stop) / count.sum()
        for count, span in zip(counts, window, strict=True)
    )
    return float(cy), float(cx)


def _peak(sigma: int) -> np.ndarray:
    """A Gaussian in a window of 3 sigma + 1 pixels on each side."""
    reach = np.arange(6 * sigma + 3) - (3 * sigma + 1)
    squares = reach**2 + (reach**2)[:, None]
    return np.exp(-squares / (2 * sigma**2))


def _add_peak(heatmap: np.ndarray, peak: np.ndarray, y: int, x: int) -> None:
    """Where peaks overlap, the higher value stays."""
    reach = len(peak) // 2
    top, left = max(y - reach, 0), max(x - reach, 0)
    window = heatmap[top : y + reach + 1, left : x + reach + 1]
    part = peak[top - y + reach :, left - x + reach :][
        : window.shape[0], : window.shape[1]
    ]
    np.maximum(window, part, out=window)
