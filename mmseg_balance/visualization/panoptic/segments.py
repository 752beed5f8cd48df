"""Segments in colours: things in shades of that of their class."""

from collections.abc import Sequence

import cv2
import numpy as np

from mmseg_balance.panoptic.ids import LABEL_DIVISOR
from mmseg_balance.panoptic.overlaps import present_ids

# of the golden section, so that the shades of numbers in a row are far apart
TURN = 0.618034
# how far a shade goes towards black and towards white
DARKEST, LIGHTEST = 0.4, 0.55
OUTLINE = 255
# pixels of an image's shorter side for one of the outline's width
PIXELS_PER_OUTLINE = 500


def segment_colours(ids: np.ndarray, palette: Sequence) -> np.ndarray:
    """Colour of each segment.

    Args:
        ids: Ids of segments (K,), class * 1000 + number.
        palette: RGB of each class, 0 to 255.

    Returns:
        RGB, uint8 (K, 3): the first of a class, and number 0 (stuff), have
        the colour of the class, others are lighter or darker; black is what
        is of no class.
    """
    labels, numbers = ids // LABEL_DIVISOR, ids % LABEL_DIVISOR
    colours = np.zeros((len(palette) + 1, 3))
    colours[:-1] = palette
    base = colours[np.minimum(labels, len(palette))]
    # from -DARKEST to LIGHTEST, 0 at the number 1
    span = DARKEST + LIGHTEST
    turn = np.maximum(numbers - 1, 0) * TURN + DARKEST / span
    shade = (turn % 1 * span - DARKEST)[:, None]
    goal = np.where(shade > 0, 255.0, 0.0)
    shade = np.where((labels < len(palette))[:, None], np.abs(shade), 0)
    return (base + (goal - base) * shade).round().astype(np.uint8)


def paint_segments(
    image: np.ndarray,
    ids: np.ndarray,
    palette: Sequence,
    opacity: float = 0.5,
) -> np.ndarray:
    """Lay segments over an image, things with a white outline.

    Args:
        image: RGB (H, W, 3) in uint8.
        ids: Ids of segments (H, W), class * 1000 + number, from 1 for things.
        palette: RGB of each class, 0 to 255.
        opacity: Weight of the colours, 0 to 1; outlines are opaque.

    Returns:
        RGB (H, W, 3) in uint8.
    """
    found, position = present_ids(ids)
    colours = opacity * segment_colours(found, palette).astype(np.float32)
    picture = colours[position].reshape(image.shape)
    picture += np.float32(1 - opacity) * image
    picture = picture.round()
    picture[outlines(ids)] = OUTLINE
    return picture.astype(np.uint8)


def outlines(ids: np.ndarray) -> np.ndarray:
    """Pixels of things that lie at their border.

    Args:
        ids: Ids of segments (H, W).

    Returns:
        bool (H, W); wider in larger images.
    """
    is_thing = ids % LABEL_DIVISOR > 0
    edge = np.zeros(ids.shape, bool)
    for one, other in (
        (np.s_[:, 1:], np.s_[:, :-1]),
        (np.s_[1:], np.s_[:-1]),
    ):
        differs = ids[one] != ids[other]
        edge[one] |= differs
        edge[other] |= differs
    radius = min(ids.shape) // PIXELS_PER_OUTLINE
    if radius:
        kernel = np.ones((2 * radius + 1,) * 2, np.uint8)
        edge = cv2.dilate(edge.astype(np.uint8), kernel) > 0
    return edge & is_thing
