"""Which images a data set takes, and which it leaves out without a word."""

import logging
import os
import os.path as osp
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from mmengine.dataset import BaseDataset
from mmengine.logging import print_log

from .file_utils import leads_back
from .folders import is_local, names_in
from .image_suffixes import BYTE_ORDER_MARK, ImageSuffixes

SHOWN_FILES = 3
IMAGE_SUFFIXES = (
    *('.png', '.jpg', '.jpeg', '.jpe', '.jp2', '.bmp', '.tif', '.tiff'),
    *('.webp', '.ppm', '.pgm', '.pbm', '.gif', '.avif', '.heic'),
)


def check_image_files(dataset: BaseDataset, key: str) -> None:
    """Refuse a list of names (``ann_file``) of images that are not there.

    What a folder is listed for is there; a list may name anything.

    Args:
        dataset: Fully initialised data set.
        key: Its key, for messages.

    Raises:
        FileNotFoundError: Names the first images, their number, and what is
            odd about the list.
        ValueError: There is no image at all.
    """
    if not len(dataset):
        of = dataset.ann_file or dataset.data_prefix.get('img_path')
        raise ValueError(f'{key}: there is no image in {of}')
    if not (dataset.ann_file and is_local(dataset)):
        return
    listed: dict[str, set[str]] = {}
    missing = []
    for i in range(len(dataset)):
        path = dataset.get_data_info(i).get('img_path')
        if not isinstance(path, str):
            return  # of another kind of data set
        folder, name = osp.split(path)
        if folder not in listed:
            listed[folder] = names_in(folder)
        if name not in listed[folder]:
            missing.append(path)
    if missing:
        shown = ', '.join(repr(path) for path in missing[:SHOWN_FILES])
        more = ', ...' if len(missing) > SHOWN_FILES else ''
        raise FileNotFoundError(
            f'{key}.ann_file: {len(missing)} of the {len(dataset)} images '
            f'that {dataset.ann_file} names are not there: {shown}{more}'
            f'{_reason(dataset, missing)}'
        )


def left_out(dataset: BaseDataset, key: str, with_labels: bool) -> list[str]:
    """Images and labels in the folders of a data set that it does not take.

    Hidden files and those that are no images are not counted, nor are images
    of the name of one that is taken (labels or depth beside it), and nothing
    where a list names the images.

    Args:
        dataset: Fully initialised data set.
        key: Its key, for the lines.
        with_labels: Whether its labels are read as well.

    Returns:
        Lines for the user: how many, why, and how they are taken.
    """
    if dataset.ann_file or not is_local(dataset):
        return []
    folder = dataset.data_prefix.get('img_path')
    suffixes = getattr(dataset, 'img_suffix', None)
    if not folder or not suffixes or not osp.isdir(folder):
        return []
    names, dead = _listed(folder)
    taken = {n for n in names if n.endswith(suffixes)}
    stems = {_stem(name, suffixes) for name in taken}
    labels = dataset.data_prefix.get('seg_map_path')
    seg_map_suffix = getattr(dataset, 'seg_map_suffix', None)
    beside = bool(labels and seg_map_suffix) and _is_inside(labels, folder)
    other = [
        name
        for name in names
        if name not in taken
        and name.lower().endswith(IMAGE_SUFFIXES)
        and osp.splitext(name)[0] not in stems
        and not (beside and name.endswith(seg_map_suffix))
    ]
    lines = []
    if other:
        lines.append(_other_suffixes(dataset, key, other, len(taken)))
    if dead:
        lines.append(
            f'{key}.data_prefix.img_path: {len(dead)} links in {folder} lead '
            f'nowhere and are left out ({_some(dead)})'
        )
    if with_labels and labels and seg_map_suffix and osp.isdir(labels):
        found, _ = _listed(labels)
        alone = [
            name
            for name in found
            if name.endswith(seg_map_suffix)
            and name[: -len(seg_map_suffix)] not in stems
        ]
        if alone and not beside:
            lines.append(
                f'{key}.data_prefix.seg_map_path: {len(alone)} labels in '
                f'{labels} belong to no image and are left out '
                f'({_some(alone)})'
            )
    return lines


def say_left_out(dataset: BaseDataset, key: str, with_labels: bool) -> None:
    """Log the lines of :func:`left_out` as warnings.

    Args:
        dataset: Fully initialised data set.
        key: Its key, for the lines.
        with_labels: Whether its labels are read as well.
    """
    for line in left_out(dataset, key, with_labels):
        print_log(line, 'current', logging.WARNING)


def shared_images(
    train: Sequence[BaseDataset], test: Sequence[BaseDataset]
) -> list[str]:
    """Images that are in the data sets of both lists.

    Args:
        train: Data sets with files of their own.
        test: Data sets with files of their own.

    Returns:
        Absolute paths, sorted; links are not followed.
    """
    return sorted(_paths(train) & _paths(test))


def _paths(datasets: Sequence[BaseDataset]) -> set[str]:
    return {
        osp.abspath(path)
        for dataset in datasets
        for i in range(len(dataset))
        if isinstance(path := dataset.get_data_info(i).get('img_path'), str)
    }


def _other_suffixes(
    dataset: BaseDataset, key: str, names: list[str], num_taken: int
) -> str:
    ends = Counter(osp.splitext(name)[1] for name in names)
    examples = {osp.splitext(name)[1]: name for name in reversed(names)}
    shown = ', '.join(
        f'{count} end with {end!r} ({examples[end]})'
        for end, count in ends.most_common()
    )
    suffixes = dataset.img_suffix
    own = (suffixes,) if isinstance(suffixes, str) else tuple(suffixes)
    wanted = (*own, *ends)
    kind = (
        ''
        if isinstance(dataset, ImageSuffixes)
        else " with type='FolderDataset' or another data set of mmseg_balance"
    )
    remedy = (
        f'; to take them, set img_suffix={wanted}{kind}'
        if not set(own) & set(ends)
        else ''
    )
    return (
        f'{key}.data_prefix.img_path: {len(names)} of the '
        f'{len(names) + num_taken} images in '
        f'{dataset.data_prefix["img_path"]} are left out: {shown}, and '
        f'img_suffix is {suffixes!r}{remedy}'
    )


def _reason(dataset: BaseDataset, missing: list[str]) -> str:
    """What is odd about a list, and how it is mended."""
    try:
        text = Path(dataset.ann_file).read_text(encoding='utf-8')
    except (OSError, UnicodeDecodeError):
        return ''
    lines = text.removeprefix(BYTE_ORDER_MARK).splitlines()
    suffixes = dataset.img_suffix
    doubled = [
        line for line in map(str.strip, lines) if line.endswith(suffixes)
    ]
    blank = [i for i, line in enumerate(lines, 1) if not line.strip()]
    stock = not isinstance(dataset, ImageSuffixes)
    if stock and text.startswith(BYTE_ORDER_MARK):
        return (
            '. The list begins with a byte order mark, which is taken for '
            'part of the first name: save it as UTF-8 without one (sed -i '
            f"'1s/^\\xEF\\xBB\\xBF//' {dataset.ann_file})"
        )
    if stock and blank:
        return f'. Line {blank[0]} of the list is blank: remove it'
    if stock and doubled and suffixes:
        return (
            f'. Its names end with {suffixes!r} already, which img_suffix '
            "adds: set img_suffix='' and seg_map_suffix to match, or take "
            'the suffix out of the list'
        )
    if any(len(line.split()) > 1 for line in lines):
        return '. Its lines have several words, expected one name a line'
    return f'. data_prefix.img_path and img_suffix ({suffixes!r}) go with it'


def _listed(folder: str) -> tuple[list[str], list[str]]:
    """Files below a folder, and links to nowhere, as paths relative to it.

    As mmengine lists them: hidden files are left out.
    """
    files, dead = [], []
    for path, entry in _entries(folder):
        (files if entry.is_file() else dead).append(osp.relpath(path, folder))
    return sorted(files), sorted(dead)


def _entries(folder: str) -> Iterator[tuple[str, os.DirEntry]]:
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_symlink() and leads_back(entry.path):
                continue
            if entry.is_dir():
                yield from _entries(entry.path)
            elif not entry.name.startswith('.') and (
                entry.is_file() or entry.is_symlink()
            ):
                yield entry.path, entry


def _is_inside(inner: str, outer: str) -> bool:
    inner, outer = (osp.join(osp.abspath(p), '') for p in (inner, outer))
    return inner.startswith(outer)


def _stem(name: str, suffixes: str | tuple[str, ...]) -> str:
    ends = [suffixes] if isinstance(suffixes, str) else suffixes
    end = max((e for e in ends if name.endswith(e)), key=len)
    return name[: len(name) - len(end)]


def _some(names: list[str]) -> str:
    more = ', ...' if len(names) > SHOWN_FILES else ''
    return ', '.join(names[:SHOWN_FILES]) + more
