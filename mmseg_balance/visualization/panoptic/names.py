"""Names and numbers of things, written on them."""

from collections.abc import Sequence

import cv2
import numpy as np
from scipy import ndimage

from mmseg_balance.panoptic.ids import LABEL_DIVISOR
from mmseg_balance.panoptic.overlaps import present_ids

FONT = cv2.FONT_HERSHEY_SIMPLEX
# height of capitals at scale 1, in pixels
CAPITALS = 22
SMALLEST, LARGEST, SHARE = 8, 28, 1 / 45
BOLD = 16  # height from which letters have two pixels of width
WHITE, BLACK = (255, 255, 255), (0, 0, 0)


def write_names(
    picture: np.ndarray, ids: np.ndarray, classes: Sequence[str]
) -> np.ndarray:
    """Write 'car 2' on the second car, and '2' where it is narrow.

    Things that are smaller than their number have none.

    Args:
        picture: RGB (H, W, 3) in uint8; not changed.
        ids: Ids of segments (H, W), class * 1000 + number, from 1 for things.
        classes: Names of the classes.

    Returns:
        RGB (H, W, 3) in uint8.
    """
    picture = np.ascontiguousarray(picture).copy()
    height = min(max(min(ids.shape) * SHARE, SMALLEST), LARGEST)
    found, position = present_ids(ids)
    position = position.reshape(ids.shape) + 1
    boxes = ndimage.find_objects(position)
    for i, (number, box) in enumerate(zip(found.tolist(), boxes, strict=True)):
        label, k = divmod(number, LABEL_DIVISOR)
        if k and label < len(classes):
            mask = position[box] == i + 1
            names = (f'{classes[label]} {k}', str(k))
            _write(picture, names, mask, box, height)
    return picture


def _write(
    picture: np.ndarray,
    names: Sequence[str],
    mask: np.ndarray,
    box: tuple[slice, slice],
    height: float,
) -> None:
    """The first of the names that is not wider than the thing, if any."""
    scale, width = height / CAPITALS, 1 if height < BOLD else 2
    for name in names:
        (wide, tall), _ = cv2.getTextSize(name, FONT, scale, width)
        if wide <= mask.shape[1] and tall <= mask.shape[0]:
            break
    else:
        return
    y, x = _middle(mask)
    left = box[1].start + x - wide // 2
    foot = box[0].start + y + tall // 2
    left = min(max(left, 1), picture.shape[1] - wide - 1)
    foot = min(max(foot, tall + 1), picture.shape[0] - 2)

    def put(right: int, down: int, colour: tuple[int, int, int]) -> None:
        place = left + right, foot + down
        cv2.putText(
            picture, name, place, FONT, scale, colour, width, cv2.LINE_AA
        )

    for right, down in ((-1, 0), (1, 0), (0, -1), (0, 1)):
        put(right, down, BLACK)
    put(0, 0, WHITE)


def _middle(mask: np.ndarray) -> tuple[int, int]:
    """Row and column of a pixel far from the border, and in the middle."""
    padded = np.pad(mask, 1).astype(np.uint8)
    distance = cv2.distanceTransform(padded, cv2.DIST_L2, 3)[1:-1, 1:-1]
    inner = np.argwhere(distance >= 0.9 * distance.max())
    centroid = np.argwhere(mask).mean(0)
    y, x = inner[np.square(inner - centroid).sum(1).argmin()]
    return int(y), int(x)
