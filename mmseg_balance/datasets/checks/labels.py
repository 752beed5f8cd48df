"""Checks of the label files of a data set, before the first iteration."""

import logging
import os.path as osp
from collections.abc import Sized
from pathlib import PurePath

import numpy as np
from mmengine.logging import print_log
from mmseg.datasets import BaseSegDataset
from mmseg.datasets.transforms import LoadAnnotations
from PIL import Image

from ...errors import UserFileNotFoundError, UserValueError
from ..files.folders import is_local, names_in
from ..files.image_pairs import exif_orientation, is_whole
from ..loading.bad_files import BadFileError
from ..loading.named_files import load_named
from ..loading.preparation import WITHOUT_LABELS, preparation, target_labels
from ..loading.split_pipeline import SplitPipeline

NUM_FILES = 32
SHOWN_FILES = 3
SHOWN_VALUES = 10
# values of these PIL modes fit in 8 bits
NARROW_MODES = ('1', 'L', 'P')


def check_label_files(part: SplitPipeline, key: str) -> None:
    """Refuse images without a label.

    Args:
        part: Fully initialised data set that loads labels.
        key: Its key, for messages.

    Raises:
        FileNotFoundError: Names the first images, the labels expected for
            them and the number of such images.
    """
    dataset = part.dataset
    if not is_local(dataset):
        return
    listed: dict[str, set[str]] = {}
    missing = []
    for i in range(len(dataset)):
        info = dataset.get_data_info(i)
        folder, name = osp.split(info['seg_map_path'])
        if folder not in listed:
            listed[folder] = names_in(folder)
        if name not in listed[folder]:
            missing.append((info['img_path'], info['seg_map_path']))
    if missing:
        shown = '; '.join(
            f'{image} (expected {label}{_found_instead(label, listed)})'
            for image, label in missing[:SHOWN_FILES]
        )
        more = '; ...' if len(missing) > SHOWN_FILES else ''
        raise UserFileNotFoundError(
            f'{key}: {len(missing)} of {len(dataset)} images have no label: '
            f'{shown}{more}{_labels_as_images(dataset, missing)}'
            f'{target_labels(dataset, key) or preparation(dataset)}'
            + (WITHOUT_LABELS if key.startswith('val_dataloader') else '')
        )


def _labels_as_images(
    dataset: BaseSegDataset, missing: list[tuple[str, str]]
) -> str:
    """What to do where labels lie beside the images, and end as they do."""
    suffix = getattr(dataset, 'seg_map_suffix', None)
    images = (
        dataset.get_data_info(i)['img_path'] for i in range(len(dataset))
    )
    labels = [image for image in images if suffix and image.endswith(suffix)]
    # all of them, where the images end as the labels do
    if labels != [image for image, _ in missing] or len(labels) == len(
        dataset
    ):
        return ''
    return (
        f'. These end with {suffix!r} (seg_map_suffix) and may be labels: set '
        'img_suffix to an end that they do not have, or ann_file to a list of '
        'the images'
    )


def _found_instead(label: str, listed: dict[str, set[str]]) -> str:
    """A file of that name but for upper case and suffix."""
    folder, name = osp.split(label)
    stem = osp.splitext(name)[0].lower()
    near = sorted(
        n for n in listed[folder] if osp.splitext(n)[0].lower() == stem
    )
    return f', found {near[0]}: see seg_map_suffix' if near else ''


def checked_samples(part: Sized, num_files: int = NUM_FILES) -> list[int]:
    """Indices of the samples whose files are read before training.

    Args:
        part: Fully initialised data set.
        num_files: Number of files.

    Returns:
        Indices, evenly spaced over the data set.
    """
    last = len(part) - 1
    picks = np.linspace(0, last, min(num_files, len(part))).round()
    return picks.astype(int).tolist()


def check_label_values(
    part: SplitPipeline, num_files: int = NUM_FILES
) -> None:
    """Refuse wrong label values and sizes in a sample of the files.

    Images are looked at and not decoded, unless one seems to be cut short.

    Args:
        part: Fully initialised data set that loads labels.
        num_files: Number of files, evenly spaced over the data set.

    Raises:
        OSError: An image or a label cannot be decoded; names it.
        ValueError: A label has values outside the classes, or another size
            than its image; names the files and what was found. Where bad
            files are left out: all of those that were read are bad.
    """
    checked = checked_samples(part, num_files)
    for index in checked:
        try:
            if is_local(part.dataset):
                check_stored(part, index)
            part.count_label(index)
        except BadFileError as error:
            part.note_bad(index, error)
    bad = [part.bad[index] for index in checked if index in part.bad]
    if bad and len(bad) == len(checked):
        raise UserValueError(
            f'{part.name}: all of {len(bad)} files that were read cannot be '
            f"used, which on_bad_image='skip' is not for; the first: {bad[0]}"
        )
    for message in bad:
        print_log(
            f"{message}: left out (on_bad_image='skip')",
            'current',
            logging.WARNING,
        )
    if is_local(part.dataset):
        for index in _odd_samples(part):
            try:
                check_stored(part, index)
            except BadFileError as error:
                part.note_bad(index, error)
        _warn_of_turned_images(part, num_files)


def check_images_can_be_read(
    part: SplitPipeline, num_files: int = NUM_FILES
) -> None:
    """Refuse images that are empty or cut short, in a sample of the files.

    For data sets whose labels are not read.

    Args:
        part: Fully initialised data set.
        num_files: Number of files, evenly spaced over the data set.

    Raises:
        OSError: An image cannot be decoded; names it.
    """
    if part.image_loader is None or not is_local(part.dataset):
        return
    for index in checked_samples(part, num_files):
        info = part.dataset.get_data_info(index)
        if 'img_path' in info and not is_whole(info['img_path']):
            load_named(part.image_loader, info, part.name)


def _warn_of_turned_images(part: SplitPipeline, num_files: int) -> None:
    """Say that labels of images with an EXIF tag must be turned as these.

    Turned by 90 degrees (5 .. 8), an image has another size than a label that
    is not, which is refused; upside down or mirrored, nothing shows.
    """
    loading = part.image_loader
    if 'ignore_orientation' in getattr(loading, 'color_type', ''):
        return
    images = [
        part.dataset.get_data_info(i)['img_path']
        for i in checked_samples(part, num_files)
    ]
    turned = [path for path in images if exif_orientation(path) in (2, 3, 4)]
    if turned:
        print_log(
            f'{part.name}: the EXIF tag of {len(turned)} of the {len(images)} '
            f'images looked at, {turned[0]} for one, turns them when they are '
            'loaded. Labels that were drawn on the images as they are stored '
            "need color_type='color_ignore_orientation' of LoadImageFromFile",
            logger='current',
            level=logging.WARNING,
        )


def _odd_samples(part: SplitPipeline) -> list[int]:
    """Samples that the class of a data set knows to be odd."""
    names = getattr(part.dataset, 'ODD_FILES', ())
    return [
        i
        for i in range(len(part) if names else 0)
        if PurePath(part.dataset.get_data_info(i)['img_path']).stem in names
    ]


def check_stored(part: SplitPipeline, index: int) -> None:
    """Check a label for what loading it hides, and its image and size.

    Args:
        part: Fully initialised data set of local files that loads labels.
        index: Index into it.

    Raises:
        OSError: The image cannot be decoded; names it.
        ValueError: The file has values that loading would cut to 8 bits, or
            another size than its image.
    """
    info = part.dataset.get_data_info(index)
    path = info['seg_map_path']
    try:
        with Image.open(path) as image:
            size = image.size
            wide = image.mode not in NARROW_MODES
            stored = np.asarray(image) if wide else None
    except (OSError, SyntaxError):
        return  # loading it names the file and what is wrong with it
    if wide and _keeps_8_bits(part.annotations):
        _check_fits_8_bits(stored, path, part.name)
    if not is_whole(info['img_path']):
        part.read(index)  # which has the last word
    try:
        with Image.open(info['img_path']) as image:
            image_size = image.size
    except (OSError, SyntaxError):
        return
    if image_size != size:
        # Loading has the last word: it may turn images by their EXIF tag.
        part.load(index)


def _keeps_8_bits(transform: object) -> bool:
    """Whether labels are loaded as mmseg does, by a cast to uint8."""
    load = getattr(type(transform), '_load_seg_map', None)
    return load is LoadAnnotations._load_seg_map


def _check_fits_8_bits(label: np.ndarray, path: str, name: str) -> None:
    wrong = np.unique(label[label != label.astype(np.uint8)])
    if len(wrong):
        shown = ', '.join(map(str, wrong[:SHOWN_VALUES]))
        more = ', ...' if len(wrong) > SHOWN_VALUES else ''
        raise UserValueError(
            f'{name} label {path} has the value {shown}{more} ({label.dtype} '
            'in the file), expected 0 .. 255: LoadAnnotations keeps 8 bits '
            f'and would take {wrong[0]} for {wrong[:1].astype(np.uint8)[0]}; '
            'write class ids as 8-bit images, as the commands '
            'of mmseg-balance data do'
        )
