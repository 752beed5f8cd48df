"""Class statistics of label files, in DAFormer's JSON format.

Three files lie in the folder of a data set and say how many pixels of each
class each label file has. File names are posix paths relative to the data
set's folder; classes without pixels in a file are left out of its entry:

- ``sample_class_stats.json``: ``[{"0": 120, "10": 7, "file": "a.png"}]``
- ``sample_class_stats_dict.json``: ``{"a.png": {"0": 120, "10": 7}}``
- ``samples_with_class.json``: ``{"0": [["a.png", 120]], ...}``

Format and order match those of github.com/lhoyer/DAFormer: entries follow the
files, classes ascend within an entry, and ``samples_with_class`` lists the
classes by first appearance. Paths are relative here, so that a data set can
be moved; readers that match base names, as DAFormer does, read both.
"""

import json
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from ...errors import UserFileNotFoundError, UserValueError
from ...files.mapping import map_files
from ...files.writing import write_atomically
from ..files.label_hints import zero_hint
from ..files.label_images import read_label

STATS_FILE = 'sample_class_stats.json'
STATS_DICT_FILE = 'sample_class_stats_dict.json'
SAMPLES_FILE = 'samples_with_class.json'


def count_classes(
    label: np.ndarray,
    num_classes: int,
    ignore_index: int = 255,
    reduce_zero_label: bool = False,
) -> np.ndarray:
    """Count the pixels of each class.

    Args:
        label: Integers of any shape.
        num_classes: Number of classes C; valid ids are 0 .. C - 1.
        ignore_index: Id of the pixels that are not counted.
        reduce_zero_label: Whether id 0 is known to stand for unlabelled
            pixels, for the message alone.

    Returns:
        int64 array (C,).

    Raises:
        ValueError: Other ids occur; names them.
    """
    label, negative = label.ravel(), label[:0].ravel()
    if label.dtype.kind == 'i':
        label, negative = label[label >= 0], np.unique(label[label < 0])
    counts = np.bincount(label, minlength=num_classes)
    if 0 <= ignore_index < len(counts):
        counts[ignore_index] = 0
    unknown = np.flatnonzero(counts[num_classes:]) + num_classes
    unknown = np.concatenate([negative[negative != ignore_index], unknown])
    if len(unknown):
        raise UserValueError(
            f'label value {", ".join(map(str, unknown[:10]))} found, expected '
            f'0 .. {num_classes - 1} or {ignore_index} (ignore)'
            + ('' if reduce_zero_label else zero_hint(unknown, num_classes))
        )
    return counts[:num_classes].astype(np.int64)


def count_label_file(
    path: str | Path,
    num_classes: int,
    ignore_index: int = 255,
    reduce_zero_label: bool = False,
) -> np.ndarray:
    """Count the pixels of each class in a label file.

    Args:
        path: Grey or palette image of class ids.
        num_classes: Number of classes C.
        ignore_index: Id of the pixels that are not counted.
        reduce_zero_label: See ``count_classes``.

    Returns:
        int64 array (C,).

    Raises:
        OSError: The file is missing or cannot be decoded.
        ValueError: Several channels, or ids outside the classes.
    """
    label = read_label(path)
    try:
        return count_classes(
            label, num_classes, ignore_index, reduce_zero_label
        )
    except ValueError as error:
        raise UserValueError(f'{path}: {error}') from None


def count_label_files(
    files: Sequence[str | Path],
    num_classes: int,
    ignore_index: int = 255,
    nproc: int = 1,
    reduce_zero_label: bool = False,
) -> np.ndarray:
    """Count the pixels of each class in many label files.

    Args:
        files: F label files.
        num_classes: Number of classes C.
        ignore_index: Id of the pixels that are not counted.
        nproc: Number of processes.
        reduce_zero_label: See ``count_classes``.

    Returns:
        int64 array (F, C).

    Raises:
        ValueError: Files that cannot be decoded or with ids outside the
            classes; names each file and value.
    """
    count = partial(
        count_label_file,
        num_classes=num_classes,
        ignore_index=ignore_index,
        reduce_zero_label=reduce_zero_label,
    )
    counts = map_files(count, files, nproc, 'count classes')
    return np.array(counts, dtype=np.int64).reshape(-1, num_classes)


def write_class_stats(
    folder: str | Path, files: Sequence[str], counts: np.ndarray
) -> None:
    """Write the three statistics files.

    Args:
        folder: Where they are written.
        files: F file names, as they shall stand in the files.
        counts: Pixels of each class in each file, (F, C).
    """
    by_file: dict[str, dict[int, int]] = {}
    for file, row in zip(files, counts, strict=True):
        by_file[file] = {int(c): int(row[c]) for c in np.flatnonzero(row)}
    by_class: dict[int, list[tuple[str, int]]] = {}
    for file, stats in by_file.items():
        for c, n in stats.items():
            by_class.setdefault(c, []).append((file, n))
    entries = [{**stats, 'file': file} for file, stats in by_file.items()]
    for name, content in (
        (SAMPLES_FILE, by_class),
        (STATS_DICT_FILE, by_file),
        (STATS_FILE, entries),
    ):
        text = json.dumps(content, indent=2)
        write_atomically(Path(folder, name), text.encode())


def check_replaced(folder: str | Path, files: Sequence[str]) -> None:
    """Refuse to put statistics in the place of those of another data set.

    Those of more or fewer of the same files may be replaced.

    Args:
        folder: Where they would be written.
        files: F file names, as they would stand in the files.

    Raises:
        ValueError: There are statistics of other files alone; names one.
    """
    path = Path(folder, STATS_FILE)
    try:
        there, _ = load_class_counts(folder)
    except (OSError, ValueError):
        return  # none, or cut short
    # of files that are gone nobody has use for statistics
    exist = any(Path(folder, file).exists() for file in there)
    if exist and not set(there) & set(files):
        raise UserValueError(
            f'{path} is of {len(there)} other files, such as {there[0]}; '
            f'these {len(files)} are such as {files[0]}: give another '
            '--out-dir, or delete it to have it replaced'
        )


def load_class_counts(folder: str | Path) -> tuple[list[str], np.ndarray]:
    """Read the pixel counts of each file.

    Args:
        folder: Folder of ``sample_class_stats.json``, ours or DAFormer's.

    Returns:
        The F file names as they stand there, and an int64 array (F, C) with
        C - 1 the largest class that has pixels.

    Raises:
        FileNotFoundError: The statistics are missing; names the command
            that makes them.
        ValueError: The file is not in the format.
    """
    path = Path(folder, STATS_FILE)
    entries = _load_json(path)
    try:
        files = [entry['file'] for entry in entries]
        rows = [
            {int(c): int(n) for c, n in entry.items() if c != 'file'}
            for entry in entries
        ]
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise _format_error(path, error) from error
    num_classes = max((c + 1 for row in rows for c in row), default=0)
    counts = np.zeros((len(files), num_classes), dtype=np.int64)
    for f, row in enumerate(rows):
        for c, n in row.items():
            counts[f, c] = n
    return files, counts


def _command(folder: Path) -> str:
    return (
        'mmseg-balance data class-stats LABEL_DIR '
        f'--num-classes C --out-dir {folder}'
    )


def _load_json(path: Path) -> Any:
    if not path.is_file():
        raise UserFileNotFoundError(
            f'{path}: no class statistics there; make them with\n  '
            f'{_command(path.parent)}'
        )
    try:
        return json.loads(path.read_text())
    except ValueError as error:
        raise _format_error(path, error) from error


def _format_error(path: Path, error: Exception) -> ValueError:
    return UserValueError(
        f"{path}: not in the format of DAFormer's class statistics "
        f'({type(error).__name__}: {error}); make them anew with\n  '
        f'{_command(path.parent)}'
    )
