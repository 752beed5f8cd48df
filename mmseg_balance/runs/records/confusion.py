"""The confusion matrix of an evaluation, kept beside its scores."""

import io
from collections.abc import Sequence
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from numpy.typing import ArrayLike

from ...files.writing import write_atomically

CONFUSION = 'confusion.npz'


def write_confusion(
    scores: Path, counts: ArrayLike, classes: Sequence[str]
) -> None:
    """Write a confusion matrix beside a file of scores.

    Args:
        scores: The file of scores.
        counts: Counts of pixels (C, C), rows are true classes.
        classes: Names of the C classes.
    """
    data = io.BytesIO()
    np.savez_compressed(
        data,
        counts=np.asarray(counts, np.int64),
        classes=np.array(list(classes), str),
    )
    write_atomically(scores.with_name(CONFUSION), data.getvalue())


def read_confusion(
    scores: Path,
) -> tuple[np.ndarray, tuple[str, ...]] | None:
    """Read the confusion matrix beside a file of scores.

    Args:
        scores: The file of scores.

    Returns:
        Counts (C, C) in int64 and names of the classes; None where there is
        none, as beside scores of an earlier version, or it cannot be read.
    """
    try:
        with np.load(scores.with_name(CONFUSION), allow_pickle=False) as data:
            counts = data['counts']
            classes = tuple(map(str, data['classes']))
    except (OSError, ValueError, KeyError, EOFError, BadZipFile):
        return None
    if counts.shape != (len(classes),) * 2:
        return None
    return counts, classes
