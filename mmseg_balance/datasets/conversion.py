"""From a data set's original labels to train ids and class statistics."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from mmseg.datasets import CityscapesDataset
from PIL import Image

from .class_stats import count_classes, count_label_file
from .file_utils import find_files, map_files, read_label, write_png

IGNORE = 255
CLASSES = CityscapesDataset.METAINFO['classes']
NUM_CLASSES = len(CLASSES)
TRAIN_ID_SUFFIX = '_labelTrainIds.png'

# label ids of github.com/mcordts/cityscapesScripts that are train ids; the
# other ids up to 33 are ignored
CITYSCAPES_TRAIN_IDS = {
    7: 0, 8: 1, 11: 2, 12: 3, 13: 4, 17: 5, 19: 6, 20: 7, 21: 8, 22: 9,
    23: 10, 24: 11, 25: 12, 26: 13, 27: 14, 28: 15, 31: 16, 32: 17, 33: 18,
}  # fmt: skip
CITYSCAPES_IGNORED_IDS = sorted(set(range(34)) - set(CITYSCAPES_TRAIN_IDS))


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
    """

    train_ids: Mapping[int, int]
    ignored_ids: Iterable[int]
    suffix: str = '.png'
    read: Callable[[Path], np.ndarray] = read_label


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
    table = np.full(max(known) + 1, IGNORE, dtype=np.uint8)
    table[list(known)] = list(known.values())
    present = np.unique(ids)
    unknown = np.setdiff1d(present, list(known))
    if len(unknown):
        raise ValueError(
            f'label id {", ".join(map(str, unknown[:10]))} is not one of the '
            f"data set's ids {min(known)} .. {max(known)}"
        )
    return table[ids]


def convert_file(paths: tuple[Path, Path], scheme: LabelScheme) -> np.ndarray:
    """Write the train ids of one label file, unless they are there.

    A file from an interrupted run, which cannot be decoded, is made anew.
    Any other file is left as it is.

    Args:
        paths: The original label file and the file to write.
        scheme: How to read and map it.

    Returns:
        Pixels of each train id, int64 (19,).

    Raises:
        OSError: The original is missing or cannot be decoded.
        ValueError: The original has ids that the scheme does not know, or
            the file to write exists with another size or other values.
    """
    original, converted = paths
    counts = _count_converted(original, converted)
    if counts is not None:
        return counts
    ids = scheme.read(original)
    try:
        label = to_train_ids(ids, scheme)
    except ValueError as error:
        raise ValueError(f'{original}: {error}') from None
    write_png(converted, label)
    return count_classes(label, NUM_CLASSES, IGNORE)


def _count_converted(original: Path, converted: Path) -> np.ndarray | None:
    """Counts of a file that is there already, None if it must be written."""
    try:
        counts = count_label_file(converted, NUM_CLASSES, IGNORE)
    except OSError:
        return None
    except ValueError as error:
        raise ValueError(
            f'{error}; delete it to have it converted anew'
        ) from None
    with Image.open(original) as old, Image.open(converted) as new:
        if old.size != new.size:
            raise ValueError(
                f'{converted}: {new.size[0]} x {new.size[1]} pixels, expected '
                f'{old.size[0]} x {old.size[1]} as in {original}; delete it '
                'to have it converted anew'
            )
    return counts


def convert_folder(
    scheme: LabelScheme,
    data_root: str | Path,
    label_dir: str,
    out_root: str | Path | None = None,
    nproc: int = 1,
) -> tuple[list[str], np.ndarray]:
    """Convert all label files below a folder; finished files are kept.

    Args:
        scheme: How to read and map them.
        data_root: Folder of the data set.
        label_dir: Folder of the original labels, relative to ``data_root``.
        out_root: Where the new label files go, in the same layout; None
            puts them beside the originals.
        nproc: Number of processes.

    Returns:
        The F new files, posix paths relative to ``out_root``, and the pixels
        of each train id in each, int64 (F, 19).

    Raises:
        FileNotFoundError: The folder is missing or has no label files.
        ValueError: Files that cannot be converted, each with its reason.
    """
    data_root = Path(data_root)
    out_root = data_root if out_root is None else Path(out_root)
    originals = find_files(
        data_root / label_dir, scheme.suffix, exclude=TRAIN_ID_SUFFIX
    )
    names = [
        file.relative_to(data_root).as_posix()[: -len(scheme.suffix)]
        + TRAIN_ID_SUFFIX
        for file in originals
    ]
    jobs = [
        (file, out_root / name)
        for file, name in zip(originals, names, strict=True)
    ]
    counts = map_files(
        partial(convert_file, scheme=scheme), jobs, nproc, label_dir
    )
    return names, np.array(counts)
