"""The files of a data set: its folders, and all checks once it is listed."""

import os.path as osp
from pathlib import Path

from mmengine.dataset import BaseDataset
from mmseg.datasets import BaseSegDataset

from ...errors import UserFileNotFoundError, UserValueError
from ..files.folders import folder_problem, is_local, names_in, refuse_circles
from ..files.image_suffixes import BYTE_ORDER_MARK, ImageSuffixes
from ..loading.class_label import labels_images
from ..loading.preparation import preparation, target_labels
from ..loading.split_pipeline import SplitPipeline
from .image_labels import check_image_labels, missing_places
from .labels import (
    check_images_can_be_read,
    check_label_files,
    check_label_values,
)
from .left_out import say_left_out

SHOWN_FILES = 3


def check_folders(
    dataset: BaseSegDataset, key: str, with_labels: bool
) -> None:
    """Refuse missing folders and folders without a fitting file.

    Data sets of a remote file backend are not checked.

    Args:
        dataset: Data set, built at least lazily.
        key: Its key, for messages.
        with_labels: Whether its labels are read as well.

    Raises:
        FileNotFoundError: Names the key, the folder and how it is made.
    """
    for place, problem in folder_problems(dataset, with_labels):
        is_label = place == 'data_prefix.seg_map_path'
        how = target_labels(dataset, key) if is_label else ''
        raise UserFileNotFoundError(
            f'{key}.{place}: {problem}{how or preparation(dataset)}'
        )


def folder_problems(
    dataset: BaseSegDataset, with_labels: bool
) -> list[tuple[str, str]]:
    """Missing folders of a data set, and folders without a fitting file.

    Args:
        dataset: Data set, built at least lazily.
        with_labels: Whether its labels are read as well.

    Returns:
        Key within the data set and what is wrong, for each of them; none for
        a remote file backend.

    Raises:
        OSError: A link in the folder of images leads back to it.
    """
    if not is_local(dataset):
        return []
    if labels_images(dataset):
        return missing_places(dataset)
    refuse_circles(dataset.data_prefix.get('img_path') or '')
    problems = []
    if dataset.ann_file and not osp.exists(dataset.ann_file):
        problems.append(('ann_file', f'{dataset.ann_file} does not exist'))
    kinds = [('img_path', 'img_suffix', 'image')]
    if with_labels:
        kinds.append(('seg_map_path', 'seg_map_suffix', 'label'))
    for prefix, suffix_key, kind in kinds:
        folder = dataset.data_prefix.get(prefix) or ''
        suffix = getattr(dataset, suffix_key, '')
        problem = folder_problem(folder, suffix, kind, suffix_key)
        if problem:
            problems.append((f'data_prefix.{prefix}', problem))
    return problems


def check_samples(part: SplitPipeline) -> None:
    """Refuse images and labels that are missing or cannot be used.

    Labels are checked where they are loaded and have classes, and images
    with them; images alone where bad ones are not left out anyway.

    Args:
        part: Fully initialised data set.

    Raises:
        FileNotFoundError: An image that is listed is not there, or an image
            has no label.
        OSError: An image or a label cannot be decoded.
        ValueError: There is no image, or a label has values outside the
            classes or another size than its image; see also
            :func:`check_image_labels`.
    """
    with_labels = part.annotations is not None
    check_image_files(part.dataset, part.name)
    say_left_out(part.dataset, part.name, with_labels)
    if labels_images(part.dataset):
        check_image_labels(part)
    elif with_labels and part.dataset.metainfo.get('classes'):
        check_label_files(part, part.name)
        check_label_values(part)
    elif not part.skips_bad:
        check_images_can_be_read(part)


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
        raise UserValueError(f'{key}: there is no image in {of}')
    is_list = dataset.ann_file and not osp.isdir(dataset.ann_file)
    if not (is_list and is_local(dataset)):
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
        raise UserFileNotFoundError(
            f'{key}.ann_file: {len(missing)} of the {len(dataset)} images '
            f'that {dataset.ann_file} names are not there: {shown}{more}'
            f'{_reason(dataset, missing)}'
        )


def _reason(dataset: BaseDataset, missing: list[str]) -> str:
    """What is odd about a list, and how it is mended."""
    if labels_images(dataset):
        return dataset.missing_files_note()
    try:
        text = Path(dataset.ann_file).read_text(encoding='utf-8')
    except (OSError, UnicodeDecodeError):
        return ''
    suffixes = dataset.img_suffix
    go_with = f'data_prefix.img_path and img_suffix ({suffixes!r}) go with it'
    if text.lstrip(BYTE_ORDER_MARK).startswith('{'):
        if getattr(dataset, 'LISTS_SEGMENTS', False):
            return f'. {go_with}'
        return (
            '. The list is a JSON file, expected one name a line; '
            "type='PanopticDataset' reads segments in COCO's format"
        )
    lines = text.removeprefix(BYTE_ORDER_MARK).splitlines()
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
    return f'. {go_with}'
