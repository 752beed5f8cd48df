"""Class statistics in the order of a data set's samples."""

import os.path as osp
import shlex
from collections.abc import Sequence

import numpy as np

from ...errors import UserFileNotFoundError, UserValueError
from ..checks.labels import checked_samples
from ..loading.class_label import labels_images
from ..loading.split_pipeline import SplitPipeline
from .files import STATS_FILE, load_class_counts

SHOWN_FILES = 3


def count_classes_of_files(
    part: SplitPipeline,
    stats_dir: str | None = None,
    wanted_by: str = 'rare_class_sampling',
) -> np.ndarray:
    """Pixel counts of the labels of a data set.

    A data set that lists areas of segments, or has a label an image
    (``class_pixels``), needs no statistics. Those of the labels that are read
    before training are compared with the labels: data sets may share file
    names, and labels may be newer than their statistics.

    Args:
        part: The data set, with labels.
        stats_dir: Folder of the statistics; by default its ``data_root``.
        wanted_by: What has the key ``stats_dir``, for messages.

    Returns:
        int64 array (F, C): pixels of each class in the label of each sample,
        with label_map and reduce_zero_label of the data set applied.

    Raises:
        FileNotFoundError: There are no statistics; names the command that
            makes them.
        ValueError: They are those of another data set, or of other labels.
    """
    dataset = part.dataset
    own = labels_images(dataset)  # of which no files are written
    listed = _listed_counts(part) if own or not stats_dir else None
    if listed is not None:
        return listed
    # the statistics in a folder that was named may be wanted by others
    other = (
        f'set {wanted_by}.stats_dir to the folder of its own, or '
        if stats_dir
        else ''
    )
    stats_dir = stats_dir or dataset.data_root or '.'
    file = osp.join(stats_dir, STATS_FILE)
    try:
        names, counts = load_class_counts(stats_dir)
    except FileNotFoundError as error:
        how = f'make it with\n  {_command(part, stats_dir)}'
        if hasattr(dataset, 'class_pixels'):
            how = (
                f'none is needed where {dataset.ann_file} (ann_file) lists '
                'the area of each segment'
            )
        raise UserFileNotFoundError(
            f'{wanted_by} needs {file}, which does not exist; {how}'
        ) from error
    labels = [
        dataset.get_data_info(i)['seg_map_path'] for i in range(len(dataset))
    ]
    roots = [root for root in (stats_dir, dataset.data_root) if root]
    try:
        rows = match_files(labels, names, roots)
        counts = _in_classes(counts[rows], part)
        _check_against_labels(counts, labels, part)
        return counts
    except ValueError as error:
        raise UserValueError(
            f'{file} is not of the {part.name} data set as it is: {error}; '
            f'{other}make it anew with\n  {_command(part, stats_dir)}'
        ) from error


def _listed_counts(part: SplitPipeline) -> np.ndarray | None:
    """Pixel counts that a data set lists of its labels, where it does."""
    list_pixels = getattr(part.dataset, 'class_pixels', None)
    counts = None if list_pixels is None else list_pixels()
    if counts is None:
        return None
    dataset = part.dataset
    infos = (dataset.get_data_info(i) for i in range(len(dataset)))
    labels = [info.get('seg_map_path', info['img_path']) for info in infos]
    try:
        _check_against_labels(counts, labels, part)
    except ValueError as error:
        raise UserValueError(
            f'{dataset.ann_file} (ann_file) is not of the {part.name} data '
            f'set as it is: {error}; write it anew with the labels'
        ) from error
    return counts


def count_classes_of_samples(
    parts: Sequence[SplitPipeline],
    order: np.ndarray,
    stats_dir: str | None = None,
    wanted_by: str = 'rare_class_sampling',
) -> np.ndarray:
    """Pixel counts of the labels of several data sets, sample by sample.

    Args:
        parts: The data sets, with labels.
        order: The file of each of the N samples, see ``sample_order``.
        stats_dir: Folder of the statistics of all of them; by default the
            ``data_root`` of each.
        wanted_by: As in :func:`count_classes_of_files`.

    Returns:
        int64 array (N, C); a file that is repeated counts as often.

    Raises:
        FileNotFoundError, ValueError: See :func:`count_classes_of_files`.
    """
    counts = [
        count_classes_of_files(part, stats_dir, wanted_by) for part in parts
    ]
    return np.concatenate(counts)[order]


def match_files(
    paths: Sequence[str], names: Sequence[str], roots: Sequence[str]
) -> np.ndarray:
    """Find files among the names that statistics give them.

    A name may be the path itself, the absolute path, or the path relative to
    one of the roots; where it is none of these, the base name decides.

    Args:
        paths: F files.
        names: Names in the statistics; may hold further files.
        roots: Folders that names may be relative to.

    Returns:
        int64 array (F,): position of each file among the names.

    Raises:
        ValueError: A file is missing among the names, or several of them or
            several files share a base name; shows them.
    """
    exact = {osp.normpath(name): i for i, name in enumerate(names)}
    by_base: dict[str, list[int]] = {}
    for i, name in enumerate(names):
        by_base.setdefault(osp.basename(name), []).append(i)
    prefixes = [osp.join(osp.abspath(root), '') for root in roots]

    def candidates(path: str) -> list[int]:
        absolute = osp.abspath(path)
        keys = [
            absolute.removeprefix(prefix)
            for prefix in prefixes
            if absolute.startswith(prefix)
        ]
        for key in (*keys, absolute, osp.normpath(path)):
            if key in exact:
                return [exact[key]]
        return by_base.get(osp.basename(path), [])

    found = [candidates(path) for path in paths]
    numbers = [len(f) for f in found]
    _refuse(paths, np.equal(numbers, 0), 'are missing in it')
    _refuse(
        paths,
        np.greater(numbers, 1),
        'share their base name with others in it',
    )
    rows = np.array([f[0] for f in found], dtype=np.int64)
    uses = np.bincount(rows, minlength=len(names))
    _refuse(paths, uses[rows] > 1, 'share one entry of it')
    return rows


def _refuse(paths: Sequence[str], which: np.ndarray, problem: str) -> None:
    wrong = np.flatnonzero(which)
    if len(wrong):
        shown = ', '.join(paths[i] for i in wrong[:SHOWN_FILES])
        more = ', ...' if len(wrong) > SHOWN_FILES else ''
        raise UserValueError(f'{len(wrong)} labels {problem} ({shown}{more})')


def _in_classes(counts: np.ndarray, part: SplitPipeline) -> np.ndarray:
    """Apply to ids of label files what loading applies to their pixels."""
    ids = np.arange(counts.shape[1])
    ignore = part.labels.ignore_index
    if part.labels.reduce_zero_label:
        ids = np.where(ids == 0, ignore, ids - 1)
    label_map = getattr(part.dataset, 'label_map', None) or {}
    num_classes = part.labels.num_classes
    result = np.zeros((len(counts), num_classes), dtype=np.int64)
    for column, c in enumerate(ids.tolist()):
        c = label_map.get(c, c)
        # mmseg marks the classes left out with 255, whatever ignore_index is
        if c in (ignore, 255):
            continue
        if c < num_classes:
            result[:, c] += counts[:, column]
        elif counts[:, column].any():
            raise UserValueError(
                f'it counts class {c}, and the data set has {num_classes} '
                'classes'
            )
    return result


def _check_against_labels(
    counts: np.ndarray, labels: Sequence[str], part: SplitPipeline
) -> None:
    """Refuse statistics that differ from the labels read at the start."""
    for index in checked_samples(part):
        if index in part.bad:
            continue
        expected, found = counts[index], part.count_label(index)
        wrong = [] if found is None else np.flatnonzero(expected != found)
        if len(wrong):
            c = wrong[0]
            raise UserValueError(
                f'it counts {expected[c]} pixels of class {c} in '
                f'{labels[index]}, where there are {found[c]}'
            )


def _command(part: SplitPipeline, stats_dir: str) -> str:
    dataset, labels = part.dataset, part.labels
    # the tool counts the ids in the files, before any of them is mapped
    label_map = getattr(dataset, 'label_map', None)
    num_ids = max(label_map) + 1 if label_map else labels.num_classes
    words = [
        dataset.data_prefix.get('seg_map_path') or '.',
        *('--num-classes', str(num_ids)),
        *('--suffix', dataset.seg_map_suffix),
        *('--out-dir', stats_dir),
    ]
    if labels.reduce_zero_label:
        words.append('--reduce-zero-label')
    if labels.ignore_index != 255:
        ignored = labels.ignore_index + labels.reduce_zero_label
        words += ['--ignore-index', str(ignored)]
    tool = 'mmseg-balance data class-stats'
    return f'{tool} {shlex.join(words)}'
