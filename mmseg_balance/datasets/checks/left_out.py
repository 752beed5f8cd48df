"""Images and labels that a data set leaves out, or takes twice."""

import logging
import os
import os.path as osp
from collections import Counter
from collections.abc import Iterator

from mmengine.dataset import BaseDataset
from mmengine.logging import print_log

from ...files.walking import leads_back
from ..files.folders import is_local
from ..files.image_suffixes import ImageSuffixes
from ..loading.class_label import labels_images

SHOWN_FILES = 3
IMAGE_SUFFIXES = (
    *('.png', '.jpg', '.jpeg', '.jpe', '.jp2', '.bmp', '.tif', '.tiff'),
    *('.webp', '.ppm', '.pgm', '.pbm', '.gif', '.avif', '.heic'),
)


def left_out(dataset: BaseDataset, key: str, with_labels: bool) -> list[str]:
    """Images and labels of a folder that are not taken, or taken twice.

    Hidden files and those that are no images are not counted, nor are images
    of the name of one that is taken (labels or depth beside it), and no file
    where a list names the images.

    Args:
        dataset: Fully initialised data set.
        key: Its key, for the lines.
        with_labels: Whether its labels are read as well.

    Returns:
        Lines for the user: how many, why, and how they are taken.
    """
    if not is_local(dataset):
        return []
    if dataset.ann_file and not osp.isdir(dataset.ann_file):
        return _listed_twice(dataset, key)
    if labels_images(dataset):
        return _of_other_kinds(dataset, key)
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
    if len(stems) < len(taken):
        counts = Counter(_stem(name, suffixes) for name in taken)
        twice = sorted(n for n in taken if counts[_stem(n, suffixes)] > 1)
        lines.append(
            f'{key}.data_prefix.img_path: {len(twice)} images have the name '
            f'of another one but for the suffix, and one label for both '
            f'({_some(twice)})'
        )
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


def _of_other_kinds(dataset: BaseDataset, key: str) -> list[str]:
    """The same of a folder for each class."""
    ((_, folder),) = dataset.places()
    ends = dataset.img_suffix
    ends = (ends,) if isinstance(ends, str) else ends
    other = [
        name
        for name in _listed(folder)[0]
        if name.split(os.sep)[0] in dataset.listed_classes
        and name.lower().endswith(IMAGE_SUFFIXES)
        and not name.lower().endswith(tuple(end.lower() for end in ends))
    ]
    num_taken = len(dataset)
    return [_other_suffixes(dataset, key, other, num_taken)] if other else []


def say_left_out(dataset: BaseDataset, key: str, with_labels: bool) -> None:
    """Log the lines of :func:`left_out` as warnings.

    Args:
        dataset: Fully initialised data set.
        key: Its key, for the lines.
        with_labels: Whether its labels are read as well.
    """
    for line in left_out(dataset, key, with_labels):
        print_log(line, 'current', logging.WARNING)


def _listed_twice(dataset: BaseDataset, key: str) -> list[str]:
    paths = Counter(
        str(dataset.get_data_info(i).get('img_path', i))
        for i in range(len(dataset))
    )
    twice = sorted(path for path, count in paths.items() if count > 1)
    if not twice:
        return []
    return [
        f'{key}.ann_file: {dataset.ann_file} names {len(twice)} images '
        f'several times, which are taken as often ({_some(twice)})'
    ]


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
        if isinstance(dataset, ImageSuffixes) or labels_images(dataset)
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
