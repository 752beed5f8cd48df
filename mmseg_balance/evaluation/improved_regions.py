"""Regions that one segmentation has right and another one wrong."""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

IGNORED = 255
# pixels that touch at a corner are of one region
TOUCHING = np.ones((3, 3), bool)


@dataclass(frozen=True)
class Region:
    """A connected region of an image.

    Attributes:
        top, left, height, width: Its bounding box, in pixels.
        pixels: Its size.
        label: The class that most of it has, by the labels.
    """

    top: int
    left: int
    height: int
    width: int
    pixels: int
    label: int


def improved_pixels(
    label: np.ndarray, before: np.ndarray, after: np.ndarray
) -> np.ndarray:
    """Labelled pixels that the second prediction alone has right.

    Args:
        label: Classes (H, W), 255 where ignored.
        before: Predicted classes (H, W).
        after: Those of the other model.

    Returns:
        bool (H, W).
    """
    return (label != IGNORED) & (after == label) & (before != label)


def improved_regions(
    label: np.ndarray,
    before: np.ndarray,
    after: np.ndarray,
    min_pixels: int = 1,
) -> list[Region]:
    """Connected regions of such pixels, the largest first.

    Args:
        label, before, after: See :func:`improved_pixels`.
        min_pixels: Smaller regions are left out.

    Returns:
        The regions; of equal ones that which begins further up.
    """
    improved = improved_pixels(label, before, after)
    numbers, _ = ndimage.label(improved, TOUCHING)
    sizes = np.bincount(numbers.ravel())
    regions = []
    for number, box in enumerate(ndimage.find_objects(numbers), 1):
        if sizes[number] < min_pixels:
            continue
        rows, columns = box
        inside = label[box][numbers[box] == number]
        regions.append(
            Region(
                top=rows.start,
                left=columns.start,
                height=rows.stop - rows.start,
                width=columns.stop - columns.start,
                pixels=int(sizes[number]),
                label=int(np.bincount(inside).argmax()),
            )
        )
    return sorted(regions, key=lambda region: -region.pixels)
