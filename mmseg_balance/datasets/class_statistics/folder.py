"""Class statistics of a folder of label files, whatever data set it is of."""

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ...files.walking import find_files
from .files import check_replaced, count_label_files, write_class_stats

# train ids are taken where a folder has other labels beside them
SUFFIXES = ('_labelTrainIds.png', '.png')


def write_folder_stats(
    label_dir: Path,
    out_dir: Path,
    num_classes: int,
    suffixes: Sequence[str] = SUFFIXES,
    ignore_index: int = 255,
    reduce_zero_label: bool = False,
    nproc: int = 1,
) -> np.ndarray:
    """Count the label files of a folder, and write the statistics.

    The files hold values as they are in the labels; a data set with
    ``reduce_zero_label`` takes 1 from them when it reads the statistics.

    Args:
        label_dir: Folder of the label files.
        out_dir: Folder for the statistics.
        num_classes: Number of classes C.
        suffixes: What the names of label files end with, see
            ``find_labels``.
        ignore_index: Label value that is not counted.
        reduce_zero_label: Whether 0 is unlabelled and 1 .. C are the
            classes.
        nproc: Number of processes.

    Returns:
        Pixels of each class in each file, (F, C).

    Raises:
        FileNotFoundError: There are no such files.
        ValueError: Files cannot be decoded, or have other values; or the
            statistics that are there are of other files.
    """
    files = find_labels(label_dir, suffixes)
    names = [_name_in(file, out_dir) for file in files]
    check_replaced(out_dir, names)
    counts = count_label_files(
        files,
        num_classes + reduce_zero_label,
        ignore_index,
        nproc,
        reduce_zero_label,
    )
    write_class_stats(out_dir, names, counts)
    return counts[:, 1:] if reduce_zero_label else counts


def find_labels(folder: Path, suffixes: Sequence[str]) -> list[Path]:
    """Label files of a folder.

    Args:
        folder: The folder.
        suffixes: Endings of their names, of which the first counts that any
            file has; each ends with the last.

    Returns:
        Its files.

    Raises:
        FileNotFoundError: None of its files ends with the last of them.
    """
    files = find_files(folder, suffixes[-1])
    for suffix in suffixes[:-1]:
        found = [file for file in files if file.name.endswith(suffix)]
        if found:
            return found
    return files


def _name_in(file: Path, folder: Path) -> str:
    """Path relative to the folder where it is inside, else absolute."""
    file, folder = Path(os.path.abspath(file)), Path(os.path.abspath(folder))
    inside = file.is_relative_to(folder)
    return (file.relative_to(folder) if inside else file).as_posix()
