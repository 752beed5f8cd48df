"""Images from a folder of translated ones, labels from the data set."""

import os.path as osp
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from mmengine.dataset import BaseDataset

from ...errors import UserFileNotFoundError, UserValueError
from ..files.folders import names_in

# what translators write in the place of an image
SUFFIXES = ('.png', '.jpg', '.jpeg', '.bmp', '.tif', '.tiff', '.webp')
SHOWN_FILES = 3


def read_translated(dataset: BaseDataset, root: Any, key: str) -> None:
    """Let a data set read images that were translated to another style.

    Images are listed as ever, and each is read from the folder, under its
    name relative to ``data_prefix.img_path``; a translation may have another
    suffix. Labels stay those of the data set.

    Args:
        dataset: Data set, built lazily.
        root: ``translated_root``: the folder, as ``mmseg-balance translate``
            or any other translator writes it.
        key: Key of the data set, for messages.

    Raises:
        ValueError: It is no name of a folder. When the images are listed,
            FileNotFoundError: translations are missing; names them.
    """
    if not isinstance(root, str | Path) or not str(root):
        raise UserValueError(
            f'{key}.translated_root: expected the folder of the translated '
            f'images, found {root!r}'
        )
    dataset.translated_root = str(root)
    # of the object alone, whatever its class is
    dataset.load_data_list = partial(
        _translated_list, dataset.load_data_list, str(root), key
    )


def _translated_list(
    list_images: Callable[[], list[dict]], root: str, key: str
) -> list[dict]:
    """The samples of a data set, with the paths of translated images."""
    if not osp.isdir(root):
        raise UserFileNotFoundError(
            f'{key}.translated_root: the folder {root} does not exist; '
            'mmseg-balance translate writes one, and any translator that '
            'keeps the names of the images'
        )
    dataset = list_images.__self__
    infos = list_images()
    folder = dataset.data_prefix.get('img_path') or ''
    listed: dict[str, set[str]] = {}
    missing = []
    for info in infos:
        name = osp.relpath(info['img_path'], folder or '.')
        found = _translation_of(osp.join(root, name), listed)
        if found is None:
            missing.append(name)
        else:
            info['img_path'] = found
    if missing:
        shown = ', '.join(missing[:SHOWN_FILES])
        more = ', ...' if len(missing) > SHOWN_FILES else ''
        raise UserFileNotFoundError(
            f'{key}.translated_root: {len(missing)} of the {len(infos)} '
            f'images of {folder} are not in {root} ({shown}{more}): go on '
            'translating (mmseg-balance translate continues where it '
            'stopped), or name the images that are there in ann_file'
        )
    return infos


def _translation_of(path: str, listed: dict[str, set[str]]) -> str | None:
    """The file of this name, or else one with another suffix."""
    parent, name = osp.split(path)
    if parent not in listed:
        listed[parent] = names_in(parent)
    stem = osp.splitext(name)[0]
    others = [stem + case(s) for s in SUFFIXES for case in (str, str.upper)]
    for other in (name, *others):
        if other in listed[parent]:
            return osp.join(parent, other)
    return None
