"""A folder for each class."""

import os
import os.path as osp
from pathlib import Path

from mmengine.fileio import join_path
from mmengine.utils import is_abs
from mmseg.registry import DATASETS

from ...errors import UserFileNotFoundError, UserValueError
from ...files.walking import walk_folder
from .labelled_images import LabelledImages

SHOWN_NAMES = 10


@DATASETS.register_module()
class ClassFolderDataset(LabelledImages):
    """Images in a folder for each class, ``<img_path>/<class>/*.jpg``.

    Args:
        skipped: Folders that are no class.
        **kwargs: See ``mmseg.datasets.BaseSegDataset``; ``data_prefix`` is
            ``dict(img_path='train')``, the folder of the class folders.
            ``metainfo.classes`` are the names of the folders, sorted, unless
            it is given: source and target must have the same classes in the
            same order. Images may lie in folders within those of their
            class; their suffix is one of several, in whichever case.

    Raises:
        FileNotFoundError: There is no such folder.
        ValueError: There is no folder in it, or one that is no class.

    Example:
        >>> dict(type='ClassFolderDataset', data_root='data/own/photos',
        ...      data_prefix=dict(img_path='train'))
    """

    def __init__(
        self, metainfo: dict | None = None, skipped: tuple = (), **kwargs
    ) -> None:
        self.skipped = tuple(skipped)
        if not (metainfo or self.METAINFO).get('classes'):
            folder = _joined(kwargs)
            names = class_folders(folder, self.skipped)
            metainfo = dict(metainfo or {}, classes=tuple(names))
        super().__init__(metainfo=metainfo, **kwargs)

    def load_data_list(self) -> list[dict]:
        """List the images, by class and path.

        Returns:
            An entry for each image.

        Raises:
            FileNotFoundError: There is no such folder.
            ValueError: There is a folder that is no class.
        """
        folder = self.data_prefix['img_path']
        classes = list(self.METAINFO.get('classes') or ())
        classes = classes or list(self._metainfo['classes'])
        refuse_other_folders(folder, classes, self.skipped)
        return [
            self.entry(path, c)
            for c, name in enumerate(classes)
            for path in images_below(osp.join(folder, name), self.img_suffix)
        ]


def class_folders(folder: str, skipped: tuple = ()) -> list[str]:
    """Names of the folders in a folder, hidden ones left out.

    Args:
        folder: The folder.
        skipped: Names that are left out.

    Returns:
        They, sorted.

    Raises:
        FileNotFoundError: There is no such folder.
        ValueError: It has no folders.
    """
    if not osp.isdir(folder):
        raise UserFileNotFoundError(f'the folder {folder} does not exist')
    with os.scandir(folder) as entries:
        names = sorted(e.name for e in entries if e.is_dir())
    names = [n for n in names if n[0] not in '._' and n not in skipped]
    if not names:
        raise UserValueError(
            f'{folder} has no folders, expected one for each class with its '
            "images in it; for a list of images: dict(type='ImageListDataset')"
        )
    return names


def refuse_other_folders(
    folder: str, classes: list[str], skipped: tuple = ()
) -> None:
    """Refuse a folder whose name is no class.

    Args:
        folder: Where the folders of the classes are.
        classes: Their names.
        skipped: Names of folders that are no class.

    Raises:
        ValueError: There are others; names them.
    """
    others = [n for n in class_folders(folder, skipped) if n not in classes]
    if others:
        missing = [
            name for name in classes if not osp.isdir(osp.join(folder, name))
        ]
        without = f' (without a folder: {_some(missing)})' if missing else ''
        raise UserValueError(
            f'{folder} has the folder {_some(others)}, which is none of the '
            f'{len(classes)} classes{without}: give the folder the name of '
            f'its class, or leave it out with skipped={tuple(others[:3])!r}'
        )


def images_below(folder: str, suffixes: tuple[str, ...] | str) -> list[str]:
    """Images in a folder and those within it, sorted; hidden ones left out.

    Args:
        folder: The folder; none where it does not exist.
        suffixes: What their names end with, in whichever case.
    """
    ends = (suffixes,) if isinstance(suffixes, str) else tuple(suffixes)
    ends = tuple(end.lower() for end in ends)
    return sorted(
        Path(parent, name).as_posix()
        for parent, names in walk_folder(folder)
        for name in names
        if name.lower().endswith(ends) and not name.startswith('.')
    )


def _joined(kwargs: dict) -> str:
    """Folder of the class folders, before the data set is built."""
    folder = (kwargs.get('data_prefix') or {}).get('img_path', '')
    root = kwargs.get('data_root')
    return join_path(root, folder) if root and not is_abs(folder) else folder


def _some(names: list[str]) -> str:
    more = ', ...' if len(names) > SHOWN_NAMES else ''
    return ', '.join(map(repr, names[:SHOWN_NAMES])) + more
