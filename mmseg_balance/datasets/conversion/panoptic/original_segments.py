"""Segments of the original label files of SYNTHIA and Cityscapes."""

from pathlib import Path

import numpy as np

from ....errors import UserValueError
from ....panoptic.ids import FILE_VOID
from ...files.label_images import read_label
from ..label_scheme import (
    CITYSCAPES_IGNORED_IDS,
    CITYSCAPES_TRAIN_IDS,
    IGNORE,
    LICENCE_PLATE_IDS,
    to_train_ids,
)
from ..synthia_labels import SYNTHIA_LABELS, read_synthia_channels
from .cityscapes_segments import (
    CITYSCAPES_IDS,
    INSTANCE_DIVISOR,
    THING_IDS,
    number_things,
)

# with the ids of Cityscapes that have instances and are not evaluated
_WITH_INSTANCES = {*THING_IDS, 29, 30}
SHOWN_IDS = 10


def synthia_segments(path: Path) -> np.ndarray:
    """Segments of a label file of SYNTHIA-RAND-CITYSCAPES.

    As in github.com/susaha/edaps: every pair of a thing class and an instance
    number is a segment, 0 among the numbers, and so are parts that do not
    touch; numbers of a class count from 0 in their order.

    Args:
        path: 16-bit PNG of class and instance.

    Returns:
        Cityscapes' ids of segments, int32 (H, W), 0 where there is none.

    Raises:
        OSError: The file is missing or cannot be decoded.
        ValueError: It is of another kind, or has unknown classes.
    """
    classes, instances = read_synthia_channels(path)
    try:
        train_ids = to_train_ids(classes, SYNTHIA_LABELS)
        table = np.full(IGNORE + 1, FILE_VOID, dtype=np.int32)
        table[: len(CITYSCAPES_IDS)] = CITYSCAPES_IDS
        return number_things(table[train_ids], instances)
    except ValueError as error:
        raise UserValueError(f'{path}: {error}') from None


def cityscapes_segments(path: Path) -> np.ndarray:
    """Segments of an ``instanceIds`` file of Cityscapes.

    As in github.com/mcordts/cityscapesScripts (createPanopticImgs): classes
    that are not evaluated, caravans and trailers among them, are void.

    Args:
        path: 16-bit PNG of ids of classes, and of class * 1000 + k.

    Returns:
        The same ids, int32 (H, W), 0 where there is no segment.

    Raises:
        OSError: The file is missing or cannot be decoded.
        ValueError: It has ids that Cityscapes has not; names them.
    """
    ids = read_label(path)
    found = np.flatnonzero(np.bincount(ids.ravel()))
    table = np.zeros(found[-1] + 1, dtype=np.int32)
    unknown = []
    for segment in found.tolist():
        label = segment // INSTANCE_DIVISOR
        if segment in LICENCE_PLATE_IDS or segment in CITYSCAPES_IGNORED_IDS:
            continue
        if segment in CITYSCAPES_TRAIN_IDS or label in THING_IDS:
            table[segment] = segment
        elif label not in _WITH_INSTANCES:
            unknown.append(segment)
    if unknown:
        raise UserValueError(
            f'{path}: the id {", ".join(map(str, unknown[:SHOWN_IDS]))} is '
            'none of Cityscapes (0 .. 33, and class * 1000 + k of things): '
            'expected a file *_instanceIds.png as downloaded'
        )
    return table[ids]
