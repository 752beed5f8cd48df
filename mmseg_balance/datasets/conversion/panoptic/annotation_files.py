"""The files of a panoptic data set: PNG images, and their list."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ....errors import UserValueError
from ....files.writing import write_atomically
from ....panoptic.coco import panoptic_json
from ....panoptic.ids import file_colours, file_ids
from ...files.label_images import decode, write_png
from .cityscapes_segments import CITYSCAPES_IDS, CLASSES, category_list


class Annotation(NamedTuple):
    """The segments of an image.

    Attributes:
        image_id: Name of the image without what all names end with.
        image: Its file, a posix path below the folder of images.
        png: That of its segments, below the folder of these.
        size: Width and height in pixels.
        segments: ``segments_info`` with train ids as categories.
    """

    image_id: str
    image: str
    png: str
    size: tuple[int, int]
    segments: list[dict[str, Any]]


def write_ids(path: Path, ids: np.ndarray) -> None:
    """Write segment ids (H, W) as the colours of a PNG image."""
    write_png(path, file_colours(ids), is_label=True)


def read_ids(path: Path) -> np.ndarray:
    """Read segment ids from the colours of a PNG image.

    Args:
        path: The file.

    Returns:
        int32 (H, W).

    Raises:
        OSError: It is missing or cannot be decoded.
        ValueError: It is no RGB image.
    """
    mode, colours, _ = decode(path)
    if mode != 'RGB':
        raise UserValueError(
            f'{path}: expected an RGB image of segment ids, found PIL mode '
            f'{mode}'
        )
    return file_ids(colours)


def write_annotations(
    path: Path, annotations: Sequence[Annotation], train_ids: bool = True
) -> None:
    """Write the list of a set's segments, in COCO's format.

    Args:
        path: The JSON file.
        annotations: Those of the images.
        train_ids: Whether its categories have train ids, or Cityscapes'.
    """
    images, entries = [], []
    for annotation in annotations:
        width, height = annotation.size
        images.append(
            dict(
                id=annotation.image_id,
                width=width,
                height=height,
                file_name=annotation.image,
            )
        )
        segments = annotation.segments
        if not train_ids:
            segments = [
                segment
                | dict(category_id=CITYSCAPES_IDS[segment['category_id']])
                for segment in segments
            ]
        entries.append(
            dict(
                image_id=annotation.image_id,
                file_name=annotation.png,
                segments_info=segments,
            )
        )
    text = panoptic_json(images, entries, category_list(train_ids))
    write_atomically(path, text)


def class_pixels(annotations: Sequence[Annotation]) -> np.ndarray:
    """Pixels of each class in each image.

    Args:
        annotations: Those of F images.

    Returns:
        int64 (F, 19); a crowd has none, as it is ignored in a training.
    """
    counts = np.zeros((len(annotations), len(CLASSES)), dtype=np.int64)
    for row, annotation in zip(counts, annotations, strict=True):
        for segment in annotation.segments:
            if not segment['iscrowd']:
                row[segment['category_id']] += segment['area']
    return counts
