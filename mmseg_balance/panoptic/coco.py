"""Panoptic annotations in the format of COCO (Kirillov et al., CVPR 2019).

A PNG image holds the id of the segment of each pixel as
``R + 256 G + 65536 B``, with 0 where there is none; a JSON file lists the
segments of each image, with the category of each.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
from scipy import ndimage

from .ids import FILE_VOID


def segments_info(
    ids: np.ndarray,
    categories: Mapping[int, int],
    crowds: Collection[int] = (),
) -> list[dict[str, Any]]:
    """List the segments of an image.

    Args:
        ids: Segment ids (H, W), 0 where there is none.
        categories: Category of each id that occurs.
        crowds: Ids of the segments that are groups of things.

    Returns:
        Entries of ``segments_info`` in ascending order of ids: ``id``,
        ``category_id``, ``area`` in pixels, ``bbox`` as x, y, width and
        height, ``iscrowd``.

    Raises:
        KeyError: An id has no category.
    """
    counts = np.bincount(ids.ravel())
    counts[FILE_VOID : FILE_VOID + 1] = 0
    found = np.flatnonzero(counts)
    # a table is faster than a sort of the pixels
    table = np.zeros(len(counts), dtype=np.int32)
    table[found] = np.arange(1, len(found) + 1)
    boxes = ndimage.find_objects(table[ids])
    segments = []
    for segment, area, (rows, columns) in zip(
        found.tolist(), counts[found].tolist(), boxes, strict=True
    ):
        x, y = int(columns.start), int(rows.start)
        segments.append(
            dict(
                id=segment,
                category_id=categories[segment],
                area=area,
                bbox=[x, y, int(columns.stop) - x, int(rows.stop) - y],
                iscrowd=int(segment in crowds),
            )
        )
    return segments


def category_entries(
    ids: Sequence[int],
    names: Sequence[str],
    palette: Sequence[Sequence[int]],
    things: Collection[str],
) -> list[dict[str, Any]]:
    """Entries of ``categories``.

    Args:
        ids: Category id of each class.
        names: Name of each.
        palette: Colour of each, RGB.
        things: Names of the classes of countable objects.

    Returns:
        One entry for each class.
    """
    return [
        dict(id=i, name=name, color=list(colour), isthing=int(name in things))
        for i, name, colour in zip(ids, names, palette, strict=True)
    ]


def panoptic_json(
    images: Sequence[Mapping[str, Any]],
    annotations: Sequence[Mapping[str, Any]],
    categories: Sequence[Mapping[str, Any]],
) -> bytes:
    """The text of an annotation file.

    Args:
        images: ``id``, ``width``, ``height`` and ``file_name`` of each.
        annotations: ``image_id``, ``file_name`` of the PNG image and
            ``segments_info`` of each.
        categories: See :func:`category_entries`.

    Returns:
        UTF-8.
    """
    content = dict(
        images=images, annotations=annotations, categories=categories
    )
    return json.dumps(content).encode()
