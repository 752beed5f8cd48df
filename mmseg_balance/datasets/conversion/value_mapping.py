"""Labels with other numbers: masks of 0 and 255, for one."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path

import numpy as np

from ...errors import UserValueError
from ...files.mapping import map_files
from ...files.walking import find_files
from ..files.label_images import read_label, write_png

LARGEST = 255


def map_folder(
    folder: str | Path,
    out: str | Path,
    mapping: Mapping[int, int],
    suffix: str = '.png',
    nproc: int = 1,
) -> dict[int, int]:
    """Write copies of label files in which values are replaced.

    Args:
        folder: Folder of the labels, sub-folders included.
        out: Folder of the new ones, PNG of 8 bits in the same layout;
            another one, in which nothing is overwritten.
        mapping: New value by old one; others stay as they are.
        suffix: What the names of labels end with.
        nproc: Number of processes.

    Returns:
        Pixels by value in the new labels.

    Raises:
        FileNotFoundError: No labels.
        ValueError: ``out`` is ``folder``, has a file already, or a value is
            outside 0 .. 255.
    """
    folder, out = Path(folder), Path(out)
    if out.resolve() == folder.resolve():
        raise UserValueError(
            f'{out}: labels are not replaced; name a new folder'
        )
    files = find_files(folder, suffix)
    new = [
        (out / file.relative_to(folder)).with_suffix('.png') for file in files
    ]
    there = next((path for path in new if path.exists()), None)
    if there is not None:
        raise UserValueError(
            f'{there} exists: name a new folder, or delete it'
        )
    counts = map_files(
        partial(map_file, mapping=mapping),
        list(zip(files, new, strict=True)),
        nproc,
        f'map {folder}',
    )
    total = np.sum(counts, axis=0)
    return {int(v): int(total[v]) for v in np.flatnonzero(total)}


def map_file(
    paths: tuple[Path, Path], mapping: Mapping[int, int]
) -> np.ndarray:
    """Write one label file anew.

    Args:
        paths: The file, and the new one.
        mapping: New value by old one.

    Returns:
        Pixels of each value 0 .. 255, (256,).

    Raises:
        OSError: The file cannot be decoded.
        ValueError: A new value is outside 0 .. 255; names file and value.
    """
    path, new = paths
    label = read_label(path)
    result = label.astype(np.int64)
    for old, value in mapping.items():
        result[label == old] = value
    wrong = result[(result < 0) | (result > LARGEST)]
    if wrong.size:
        raise UserValueError(
            f'{path}: the value {wrong[0]}, expected 0 .. {LARGEST} in the '
            'new label; map it as well'
        )
    write_png(new, result.astype(np.uint8))
    return np.bincount(result.ravel(), minlength=LARGEST + 1)
