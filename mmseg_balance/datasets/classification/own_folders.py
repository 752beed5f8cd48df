"""Lists of images of one's own, from a folder for each class."""

import os
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import NamedTuple

from ...errors import UserValueError
from ...files.mapping import map_files
from ...files.writing import write_atomically
from ..files.image_pairs import is_whole
from .folders import class_folders, images_below
from .labelled_images import IMAGE_SUFFIXES

LISTS, CLASSES_FILE = 'image_list', 'classes.txt'
SHOWN_FILES = 5


class OwnList(NamedTuple):
    """A list that was written.

    Attributes:
        path: The list.
        counts: Number of images of each class.
    """

    path: Path
    counts: list[int]


def list_class_folders(
    folders: Sequence[Path],
    val_share: float = 0.0,
    skipped: Collection[str] = (),
    nproc: int = 1,
) -> tuple[list[str], list[OwnList]]:
    """Check folders with a folder for each class, and list their images.

    Lists and the names of the classes lie in ``image_list`` in the folder
    that all of them lie in, to which paths in the lists are relative.

    Args:
        folders: One for each domain.
        val_share: Which share of the images of each class, the last ones by
            their names, is listed by itself.
        skipped: Folders in them that are no class.
        nproc: Number of processes that look at images.

    Returns:
        Names of the classes, sorted, and the lists.

    Raises:
        FileNotFoundError: A folder is missing.
        ValueError: They have other classes, classes without images, the same
            name, or images that are no whole files; names them.
    """
    if not 0 <= val_share < 1:
        raise UserValueError(
            f'the share of validation is {val_share}, expected at least 0 and '
            'less than 1'
        )
    folders = [Path(os.path.abspath(folder)) for folder in folders]
    names = [folder.name for folder in folders]
    if len(set(names)) < len(names):
        raise UserValueError(
            f'two of the folders have the same name ({", ".join(names)}), '
            'after which their lists are called: rename one'
        )
    classes = _same_classes(folders, skipped)
    root = Path(os.path.commonpath([folder.parent for folder in folders]))
    images = {
        folder: [
            images_below(str(folder / name), IMAGE_SUFFIXES)
            for name in classes
        ]
        for folder in folders
    }
    for folder, of_class in images.items():
        empty = [n for n, p in zip(classes, of_class, strict=True) if not p]
        if empty:
            raise UserValueError(
                f'{folder}: no image of {", ".join(map(repr, empty))}: add '
                'some, or leave the class out of all folders (--skip)'
            )
    parts = {
        folder: _splits(folder, dict(zip(classes, of, strict=True)), val_share)
        for folder, of in images.items()
    }
    _refuse_broken(images, nproc)
    lists = []
    for folder, splits in parts.items():
        for split, part in splits.items():
            path = root / LISTS / f'{folder.name}{split}.txt'
            lines = ''.join(
                f'{Path(image).relative_to(root).as_posix()} {c}\n'
                for c, paths in enumerate(part)
                for image in paths
            )
            write_atomically(path, lines.encode())
            lists.append(OwnList(path, [len(paths) for paths in part]))
    text = ''.join(f'{name}\n' for name in classes)
    write_atomically(root / LISTS / CLASSES_FILE, text.encode())
    return classes, lists


def _same_classes(
    folders: Sequence[Path], skipped: Collection[str]
) -> list[str]:
    found = {f: class_folders(str(f), skipped) for f in folders}
    first, classes = next(iter(found.items()))
    for folder, names in found.items():
        alone = {
            first: [n for n in classes if n not in names],
            folder: [n for n in names if n not in classes],
        }
        for place, missing in alone.items():
            if missing:
                raise UserValueError(
                    f'{place} alone has {", ".join(map(repr, missing))} of '
                    f'{first} and {folder}: give the same class the same '
                    'name in both, or leave it out (--skip)'
                )
    return classes


def _refuse_broken(images: dict[Path, list[list[str]]], nproc: int) -> None:
    paths = [p for of_class in images.values() for ps in of_class for p in ps]
    whole = map_files(is_whole, paths, nproc, 'look at images')
    broken = [p for p, good in zip(paths, whole, strict=True) if not good]
    if broken:
        more = ', ...' if len(broken) > SHOWN_FILES else ''
        raise UserValueError(
            f'{len(broken)} of {len(paths)} files are no whole images: '
            f'{", ".join(broken[:SHOWN_FILES])}{more}: replace them or take '
            'them out'
        )


def _splits(
    folder: Path, of_class: dict[str, list[str]], val_share: float
) -> dict[str, list[list[str]]]:
    """Images of each class in each list, by the end of its name."""
    paths = [*of_class.values()]
    if not val_share:
        return {'': paths}
    cuts = [len(p) - max(round(val_share * len(p)), 1) for p in paths]
    few = [name for name, cut in zip(of_class, cuts, strict=True) if not cut]
    if few:
        raise UserValueError(
            f'{folder}: a share of {val_share} for validation leaves no image '
            f'of {", ".join(map(repr, few))} to train on: take a smaller one, '
            'or add images'
        )
    return {
        '_train': [p[:cut] for p, cut in zip(paths, cuts, strict=True)],
        '_val': [p[cut:] for p, cut in zip(paths, cuts, strict=True)],
    }
