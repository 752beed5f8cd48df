"""How much of the images each class covers."""

import json
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ...errors import (
    UserFileExistsError,
    UserIsADirectoryError,
    UserPermissionError,
)
from ...files.writing import write_atomically

KIND = 'class shares of mmseg_balance predict'


class ClassShares:
    """Counts the pixels of each class.

    Args:
        classes: Their names.
    """

    def __init__(self, classes: Sequence[str]) -> None:
        self._classes = list(classes)
        if len(set(classes)) < len(classes):
            self._classes = [f'{i} {name}' for i, name in enumerate(classes)]
        self._counts: dict[str, np.ndarray] = {}

    def add(self, name: str, labels: np.ndarray) -> None:
        """Count an image.

        Args:
            name: Its key in the file.
            labels: Classes (H, W); values outside them are not counted.
        """
        counts = np.bincount(labels.ravel(), minlength=len(self._classes))
        self._counts[name] = counts[: len(self._classes)]

    def write(self, path: Path) -> None:
        """Write the shares as JSON.

        'images' has for each image its number of 'pixels' and the share of
        each class in them, 'overall' the same of all pixels of all images.

        Args:
            path: The file.
        """
        total = sum(self._counts.values(), np.zeros(len(self._classes), int))
        content = dict(
            kind=KIND,
            classes=self._classes,
            num_images=len(self._counts),
            overall=self._shares(total),
            # a resumed run comes to them in another order
            images={
                n: self._shares(c) for n, c in sorted(self._counts.items())
            },
        )
        write_atomically(path, json.dumps(content, indent=1).encode())

    def _shares(self, counts: np.ndarray) -> dict:
        pixels = int(counts.sum())
        shares = (counts / max(pixels, 1)).tolist()
        return dict(
            pixels=pixels,
            shares=dict(zip(self._classes, shares, strict=True)),
        )


def check_shares_file(path: Path) -> None:
    """Refuse to replace a file that is not one of class shares.

    Args:
        path: The file; need not exist.

    Raises:
        FileExistsError: It holds something else.
        IsADirectoryError: It is a folder.
        PermissionError: Its folder cannot be written to.
    """
    if path.is_dir():
        raise UserIsADirectoryError(
            f'--shares {path} is a folder: name a file'
        )
    folder = next(p for p in path.absolute().parents if p.exists())
    if not os.access(folder, os.W_OK):
        raise UserPermissionError(
            f'--shares {path}: {folder} cannot be written to; name another '
            'file'
        )
    if not path.exists():
        return
    try:
        content = json.loads(path.read_text())
        is_own = isinstance(content, dict) and content.get('kind') == KIND
    except (OSError, ValueError):
        is_own = False
    if not is_own:
        raise UserFileExistsError(
            f'--shares {path} exists and holds no class shares: name another '
            'file'
        )
