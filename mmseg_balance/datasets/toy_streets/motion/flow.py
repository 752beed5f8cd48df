"""Exact optical flow between two frames of a moving toy street."""

from typing import NamedTuple

import numpy as np

from ....optical_flow.files.kitti_png import STEPS
from ..camera import Camera
from .frame import SKY, Frame, MovingStreet
from .surfaces import points_at

BEHIND = 0.85, 0.3
"""A point is hidden where what is seen is nearer than so much of its depth,
less so many metres: a part of its own object."""


class Flow(NamedTuple):
    """Where the pixels of a frame were in the one before it.

    Attributes:
        flow: (u, v) in pixels, float32 (H, W, 2), on the grid of the later
            frame and pointing to the earlier one; in the steps of KITTI's
            PNG, so that files have it as it is.
        visible: Whether the pixel's point is seen there, bool (H, W): not
            outside the image, and not behind something.
    """

    flow: np.ndarray
    visible: np.ndarray


def flow_to_previous(
    street: MovingStreet, frame: Frame, previous: Frame
) -> Flow:
    """Exact flow from a frame to the one before it.

    Args:
        street: The street.
        frame: One of its frames.
        previous: The one before.

    Returns:
        Flow, 0 in the sky, which does not move; and what is visible. A point
        is, where the pixel nearest to it shows the same object and class,
        which is not nearer than it by much.
    """
    camera = street.camera
    height, width = frame.label.shape
    rows, columns = np.mgrid[:height, :width].astype(np.float64)
    points = points_at(camera, columns, rows, frame.depth)
    in_sky = frame.objects == SKY
    steps = street.motion.seen(1)
    earlier = points - np.where(in_sky[..., None], 0, steps[frame.objects])
    place = Camera.project(camera, earlier.reshape(-1, 3))
    flow = place.reshape(height, width, 2) - np.stack([columns, rows], -1)
    flow[in_sky] = 0
    flow = (np.rint(flow * STEPS) / STEPS).astype(np.float32)
    # the pixel nearest to where that points
    column = np.rint(columns + flow[..., 0]).astype(int)
    row = np.rint(rows + flow[..., 1]).astype(int)
    inside = (column >= 0) & (column < width) & (row >= 0) & (row < height)
    at = np.clip(row, 0, height - 1), np.clip(column, 0, width - 1)
    share, metres = BEHIND
    same = previous.objects[at] == frame.objects
    same &= previous.label[at] == frame.label
    hidden = previous.depth[at] < share * earlier[..., 2] - metres
    return Flow(flow, inside & same & ~(hidden & ~in_sky))
