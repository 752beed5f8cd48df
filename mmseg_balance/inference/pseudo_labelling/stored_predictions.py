"""Predictions of a first pass, kept until the thresholds are known."""

import zipfile
from collections.abc import Iterable, Iterator
from io import BytesIO
from pathlib import Path, PurePath

import numpy as np

from ...errors import UserValueError
from ...files.writing import write_atomically
from .thresholds import Part

SUFFIX = '.npz'


class StoredPredictions:
    """A file for each image, with its classes and what is not sure of them.

    Confidences from which on a pixel is labelled in any case need not be
    told apart: few numbers are left of a trained model.

    Args:
        folder: Where the files are.
        sure: That confidence, see ``ThresholdRule.sure``.
        keeps_confidences: Whether those below it are kept; a fixed
            threshold needs none of them.
    """

    def __init__(
        self, folder: Path, sure: np.float32, keeps_confidences: bool
    ) -> None:
        self.folder = folder
        self.sure = sure
        self.keeps_confidences = keeps_confidences

    def place(self, name: PurePath) -> Path:
        """File of an image.

        Args:
            name: Relative path of its label.
        """
        return self.folder / f'{name.as_posix()}{SUFFIX}'

    def write(
        self, name: PurePath, classes: np.ndarray, confidence: np.ndarray
    ) -> None:
        """Keep the prediction of an image, whole or not at all.

        Args:
            name: Relative path of its label.
            classes: (H, W) in uint8.
            confidence: Largest softmax, float32 (H, W).
        """
        is_sure = confidence >= self.sure
        content = dict(classes=classes, sure=np.packbits(is_sure))
        if self.keeps_confidences:
            content['unsure'] = confidence[~is_sure]
        buffer = BytesIO()
        np.savez_compressed(buffer, **content)
        write_atomically(self.place(name), buffer.getvalue())

    def read(self, name: PurePath) -> tuple[np.ndarray, np.ndarray]:
        """Classes and confidences of an image.

        Args:
            name: Relative path of its label.

        Returns:
            Classes (H, W) in uint8, and float32 (H, W): 1 where it is sure,
            0 where it is not and these are not kept.

        Raises:
            ValueError: The file is broken.
        """
        content = self._load(name)
        classes = content['classes']
        is_sure = self._sure(content)
        confidence = is_sure.astype(np.float32)
        if self.keeps_confidences:
            confidence[~is_sure] = content['unsure']
        return classes, confidence

    def count(self, names: Iterable[PurePath], num_classes: int) -> np.ndarray:
        """Pixels of each predicted class, int64 (C,)."""
        total = np.zeros(num_classes, np.int64)
        for name in names:
            classes = self._load(name)['classes'].ravel()
            total += np.bincount(classes, minlength=num_classes)
        return total

    def unsure(self, names: Iterable[PurePath]) -> Iterator[Part]:
        """Classes and confidences of the pixels that are not sure.

        Args:
            names: Relative paths of labels.

        Yields:
            Those of each image.
        """
        for name in names:
            content = self._load(name)
            yield content['classes'][~self._sure(content)], content['unsure']

    def remove(self, name: PurePath) -> None:
        """Remove the file of an image, and folders that are empty then."""
        place = self.place(name)
        place.unlink(missing_ok=True)
        for folder in place.parents:
            if folder == self.folder.parent:
                break
            try:
                folder.rmdir()
            except OSError:  # another one is there
                break

    def _load(self, name: PurePath) -> dict[str, np.ndarray]:
        place = self.place(name)
        try:
            with np.load(place) as content:
                return dict(content)
        except (ValueError, EOFError, KeyError, zipfile.BadZipFile) as error:
            raise UserValueError(
                f'{place} is broken: remove it, and the same command '
                'predicts its image anew'
            ) from error

    @staticmethod
    def _sure(content: dict[str, np.ndarray]) -> np.ndarray:
        size = content['classes'].size
        bits = np.unpackbits(content['sure'], count=size).astype(bool)
        return bits.reshape(content['classes'].shape)
