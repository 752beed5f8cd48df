"""Classes without a labelled pixel in a data set."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...errors import UserValueError
from ..files.label_images import read_label
from ..loading.split_pipeline import SplitPipeline
from .labels import checked_samples

MAX_FILES = 300
SHOWN_CLASSES = 8
MAP_TOOL = 'mmseg-balance data map-labels'


@dataclass(frozen=True)
class Presence:
    """Which classes the labels of a data set have.

    Args:
        classes: Names of the C classes.
        pixels: Labelled pixels of each in the labels that were read, (C,).
        num_read: Number of those labels.
        num_files: Number of labels in all.
    """

    classes: Sequence[str]
    pixels: np.ndarray
    num_read: int
    num_files: int

    @property
    def absent(self) -> list[str]:
        """Names of the classes without a pixel."""
        return [
            name
            for name, count in zip(self.classes, self.pixels, strict=True)
            if count == 0
        ]

    def __str__(self) -> str:
        absent = self.absent
        more = ', ...' if len(absent) > SHOWN_CLASSES else ''
        read = f'{self.num_read} of {self.num_files}'
        where = 'all' if self.num_read == self.num_files else read
        return (
            f'{len(absent)} of {len(self.classes)} classes have no labelled '
            f'pixel in {where} labels: {", ".join(absent[:SHOWN_CLASSES])}'
            f'{more}'
        )


def find_classes(
    parts: Sequence[SplitPipeline], max_files: int = MAX_FILES
) -> Presence:
    """Read labels until each class was seen, or enough were read.

    Args:
        parts: Fully initialised data sets with labels and the same classes.
        max_files: Number of labels of each that are read at most, evenly
            spaced.

    Returns:
        What they have.

    Raises:
        OSError, ValueError: A label cannot be used; names it.
    """
    classes = parts[0].dataset.metainfo['classes']
    pixels = np.zeros(len(classes), dtype=np.int64)
    num_read = 0
    for part in parts:
        # those of the checks before come first
        order = dict.fromkeys(
            [*checked_samples(part), *checked_samples(part, max_files)]
        )
        for index in order:
            if pixels.all():
                break
            counts = part.count_label(index)
            num_read += 1
            if counts is not None:
                pixels += counts
    return Presence(classes, pixels, num_read, sum(map(len, parts)))


def check_task(presence: Presence, part: SplitPipeline) -> None:
    """Refuse labels of a single class: there is nothing to tell apart.

    Args:
        presence: What :func:`find_classes` found.
        part: One of the data sets, for the message.

    Raises:
        ValueError: At most one class has pixels; says which, and how values
            are mapped.
    """
    seen = [name for name in presence.classes if name not in presence.absent]
    if len(seen) > 1 or len(presence.classes) < 2:
        return
    path = part.dataset.get_data_info(0).get('seg_map_path')
    raise UserValueError(
        f'{part.name}: {presence}, and {seen or "no class"} is all there is '
        f'to learn{_values(path, part) if path else ""}'
    )


def _values(path: str, part: SplitPipeline) -> str:
    """What a label file holds, and how its values are mapped."""
    try:
        found = np.unique(read_label(path)).tolist()
    except (OSError, ValueError):  # on a server, or of several channels
        return ''
    ignored = part.labels.ignore_index
    target = len(part.dataset.metainfo['classes']) - 1
    if ignored not in found:
        return f' ({path} has the values {found[:10]})'
    return (
        f': {path} has the values {found[:10]}, and {ignored} is ignored '
        f'(ignore_index). Where it is a class, map it with {MAP_TOOL} '
        f'LABEL_FOLDER NEW_FOLDER {ignored}={target}'
    )
