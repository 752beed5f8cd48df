"""Label files that were converted before, by us or by other tools."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from mmseg.datasets import CityscapesDataset

from ...errors import UserValueError
from ..class_statistics.files import count_classes
from ..files.image_pairs import stored_size
from ..files.label_images import read_label
from .label_fit import Size, fit_label
from .label_scheme import IGNORE, LabelScheme, to_train_ids

CLASSES = CityscapesDataset.METAINFO['classes']
NUM_CLASSES = len(CLASSES)
# of cityscapesScripts: polygons drawn by another Pillow than that of the
# data set differ by a pixel or two (issue 29 there)
EDGE = 2
# of all pixels, for objects that vanish
STRAY_SHARE = 1e-3


@dataclass(frozen=True)
class Job:
    """A label file to convert.

    Args:
        original: The original label file.
        name: Name of the new one, a posix path relative to where it goes.
        converted: The file to write.
        image: Its image, None where there is none.
    """

    original: Path
    name: str
    converted: Path
    image: Path | None = None


def train_ids(original: Path, scheme: LabelScheme) -> np.ndarray:
    """Read an original label file.

    Args:
        original: The file.
        scheme: How to read and map it.

    Returns:
        uint8 train ids (H, W).

    Raises:
        OSError: It is missing or cannot be decoded.
        ValueError: It has ids that the scheme does not know.
    """
    ids = scheme.read(original)
    try:
        return to_train_ids(ids, scheme)
    except ValueError as error:
        raise UserValueError(f'{original}: {error}') from None


def read_converted(
    job: Job, scheme: LabelScheme, label_size: Size, wanted: Size
) -> np.ndarray | None:
    """Read a converted file that is there already.

    Args:
        job: The files.
        scheme: How to read and map the original.
        label_size: Width and height of the original.
        wanted: Those that the new file shall have.

    Returns:
        uint8 train ids (H, W); None if it must be written: it is missing, cut
        short, or was written before labels were brought to the size of
        their image.

    Raises:
        ValueError: It has values that are no train ids, or another size.
    """
    try:
        label = read_label(job.converted)
        count_classes(label, NUM_CLASSES, IGNORE)
    except OSError:
        return None
    except ValueError as error:
        reason = str(error).removeprefix(f'{job.converted}: ')
        raise UserValueError(
            f'{job.converted}: {reason}; delete it to have it converted anew'
        ) from None
    size = stored_size(job.converted)
    if size == wanted:
        return label
    if size == label_size and np.array_equal(
        label, train_ids(job.original, scheme)
    ):
        return None
    raise UserValueError(
        f'{job.converted}: {size[0]} x {size[1]} pixels, expected '
        f'{wanted[0]} x {wanted[1]} as in '
        f'{job.original if wanted == label_size else job.image}; delete it '
        'to have it converted anew'
    )


def other_pixels(
    found: np.ndarray, job: Job, scheme: LabelScheme, size: Size
) -> int:
    """Compare a converted file with what its original becomes.

    Args:
        found: Train ids (H, W) of the file.
        job: The files.
        scheme: How to read and map the original.
        size: Width and height of the file.

    Returns:
        Pixels that differ, all of them at the edges of objects.

    Raises:
        ValueError: Others differ: it is of another original, or of another
            conversion.
    """
    expected = fit_label(train_ids(job.original, scheme), size, IGNORE)
    differs = found != expected
    pixels = int(differs.sum())
    if pixels == 0:
        return 0
    stray = _away_from_edges(found, expected, differs)
    if len(stray) <= STRAY_SHARE * differs.size:
        return pixels
    row, column = stray[0]
    raise UserValueError(
        f'{job.converted}: {pixels} of {differs.size} pixels are not '
        f'those of {job.original}; row {row}, column {column} is '
        f'{found[row, column]}, expected {expected[row, column]}. It was '
        'converted otherwise, or from another file: delete it to have it '
        'converted anew'
    )


def _away_from_edges(
    found: np.ndarray, expected: np.ndarray, differs: np.ndarray
) -> np.ndarray:
    """Differing pixels (N, 2) whose value is not expected near them."""
    rows, columns = np.nonzero(differs)
    near = np.pad(expected, EDGE, mode='edge')
    values = found[rows, columns]
    explained = np.zeros(len(rows), dtype=bool)
    for y in range(2 * EDGE + 1):
        for x in range(2 * EDGE + 1):
            explained |= near[rows + y, columns + x] == values
    return np.stack([rows, columns], axis=1)[~explained]
