"""How the original label ids of a data set become train ids."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import numpy as np

from ...errors import UserValueError
from ..files.label_images import read_label
from .colour_labels import read_cityscapes_ids

IGNORE = 255
SHOWN_IDS = 10

# label ids of github.com/mcordts/cityscapesScripts that are train ids; the
# other ids up to 33 are ignored
CITYSCAPES_TRAIN_IDS = {
    7: 0, 8: 1, 11: 2, 12: 3, 13: 4, 17: 5, 19: 6, 20: 7, 21: 8, 22: 9,
    23: 10, 24: 11, 25: 12, 26: 13, 27: 14, 28: 15, 31: 16, 32: 17, 33: 18,
}  # fmt: skip
# the licence plate has the id -1 there, which is 255 and 65535 in unsigned
# images, and 34 in GTA
LICENCE_PLATE_IDS = (-1, 34, 255, 65535)
CITYSCAPES_IGNORED_IDS = (
    *sorted(set(range(34)) - set(CITYSCAPES_TRAIN_IDS)),
    *LICENCE_PLATE_IDS,
)


@dataclass(frozen=True)
class LabelScheme:
    """How the original labels of a data set become train ids.

    Args:
        train_ids: Train id of each original id that has one.
        ignored_ids: Original ids that become ``IGNORE``. Any id that is in
            neither is an error: it means that the labels are not what they
            are taken for.
        suffix: What the names of original label files end with;
            ``TRAIN_ID_SUFFIX`` takes its place in the names of the new ones.
        read: Reads the original ids (H, W) of a file; raises ``OSError`` or
            ``ValueError``.
        image_suffix: What the names of images end with.
        tag: What the names of labels have before ``suffix`` and those of
            images have not.
        fit_to_image: Whether labels of another size than their image are
            brought to it (:func:`label_fit.fit_label`).
        wanted: Whether an original is to be converted; by default each is.
    """

    train_ids: Mapping[int, int]
    ignored_ids: Iterable[int]
    suffix: str = '.png'
    read: Callable[[Path], np.ndarray] = read_label
    image_suffix: str = '.png'
    tag: str = ''
    fit_to_image: bool = False
    wanted: Callable[[Path], bool] | None = None


def cityscapes_scheme(**kwargs) -> LabelScheme:
    """The scheme of labels with Cityscapes' ids.

    Args:
        **kwargs: What else :class:`LabelScheme` takes.

    Returns:
        The scheme.
    """
    return LabelScheme(
        train_ids=CITYSCAPES_TRAIN_IDS,
        ignored_ids=CITYSCAPES_IGNORED_IDS,
        read=read_cityscapes_ids,
        **kwargs,
    )


def to_train_ids(ids: np.ndarray, scheme: LabelScheme) -> np.ndarray:
    """Map original label ids to train ids.

    Args:
        ids: Integers of any shape.
        scheme: The map.

    Returns:
        uint8 train ids of the same shape, ``IGNORE`` where there is none.

    Raises:
        ValueError: Ids that the scheme does not know; names them.
    """
    known = {**dict.fromkeys(scheme.ignored_ids, IGNORE), **scheme.train_ids}
    unknown = np.setdiff1d(np.unique(ids), list(known))
    if len(unknown):
        raise UserValueError(
            f'label id {", ".join(map(str, unknown[:SHOWN_IDS]))} is not one '
            f"of the data set's ids {_ranges(known)}"
        )
    # one more than the largest id, which -1 reads from behind
    table = np.full(max(known) + 2, IGNORE, dtype=np.uint8)
    table[list(known)] = list(known.values())
    return table[ids]


def _ranges(ids: Iterable[int]) -> str:
    """Format 0, 1, 2, 5 as "0 .. 2, 5"."""
    parts = []
    for _, group in groupby(enumerate(sorted(ids)), lambda p: p[1] - p[0]):
        run = [i for _, i in group]
        parts.append(f'{run[0]} .. {run[-1]}' if run[1:] else str(run[0]))
    return ', '.join(parts)
