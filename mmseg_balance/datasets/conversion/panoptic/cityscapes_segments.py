"""Segments whose ids are those of Cityscapes (Cordts et al., CVPR 2016).

A thing has the id ``class * 1000 + k``; the stuff of a class, and a group of
things that nobody told apart, have the id of the class alone.
"""

from typing import Any

import numpy as np

from ....errors import UserValueError
from ....panoptic.coco import category_entries, segments_info
from ....panoptic.ids import FILE_VOID
from ...panoptic.categories import THING_CLASSES
from ...panoptic.street_sets import STREETS
from ..label_scheme import CITYSCAPES_TRAIN_IDS

INSTANCE_DIVISOR = 1000
CLASSES, THINGS = STREETS['classes'], STREETS[THING_CLASSES]
CITYSCAPES_IDS = tuple(CITYSCAPES_TRAIN_IDS)
"""Cityscapes id of each train id."""
THING_IDS = {CITYSCAPES_IDS[CLASSES.index(name)] for name in THINGS}


def describe(ids: np.ndarray) -> list[dict[str, Any]]:
    """List the segments of an image.

    Args:
        ids: Cityscapes' ids of segments (H, W), 0 where there is none.

    Returns:
        ``segments_info`` with train ids as categories.

    Raises:
        ValueError: An id is of no class that is evaluated; names it.
    """
    categories, crowds = {}, set()
    for segment in np.flatnonzero(np.bincount(ids.ravel())).tolist():
        if segment == FILE_VOID:
            continue
        is_whole = segment < INSTANCE_DIVISOR
        label = segment if is_whole else segment // INSTANCE_DIVISOR
        if label not in CITYSCAPES_TRAIN_IDS:
            raise UserValueError(
                f"segment id {segment} is of none of Cityscapes' "
                f'{len(CLASSES)} classes'
            )
        categories[segment] = CITYSCAPES_TRAIN_IDS[label]
        if is_whole and label in THING_IDS:
            crowds.add(segment)
    return segments_info(ids, categories, crowds)


def category_list(train_ids: bool = True) -> list[dict[str, Any]]:
    """The entries of ``categories``.

    Args:
        train_ids: Whether their ids are train ids, or Cityscapes'.

    Returns:
        19 entries.
    """
    ids = range(len(CLASSES)) if train_ids else CITYSCAPES_IDS
    return category_entries(ids, CLASSES, STREETS['palette'], THINGS)


def number_things(labels: np.ndarray, objects: np.ndarray) -> np.ndarray:
    """Ids of segments from classes and the objects that pixels are of.

    The pixels of a thing class that are of one object are one segment; those
    of a class are numbered from 0 in ascending order of objects.

    Args:
        labels: Cityscapes' ids of classes (H, W), 0 where there is none.
        objects: Number of the object of each pixel, from 0, (H, W).

    Returns:
        int32 (H, W).

    Raises:
        ValueError: A class has more than 1000 objects.
    """
    ids = labels.astype(np.int32)
    for label in sorted(THING_IDS):
        mask = labels == label
        found, order = np.unique(objects[mask], return_inverse=True)
        if len(found) > INSTANCE_DIVISOR:
            raise UserValueError(
                f'{len(found)} objects of class {label} in one image, '
                f'expected at most {INSTANCE_DIVISOR}'
            )
        ids[mask] = label * INSTANCE_DIVISOR + order.ravel()
    return ids
