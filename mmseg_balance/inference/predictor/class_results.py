"""What is written of images that have one label each."""

import os
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path, PurePath
from typing import Any

import numpy as np

from ...datasets.files.label_images import write_png
from ...errors import UserFileExistsError, UserValueError
from ...visualization.classification import write_class_name
from ..files.background import Background
from ..files.class_shares import ClassShares
from ..files.class_table import TABLE, ClassRow, ClassTable, class_row
from ..files.frames import Frame
from ..files.inputs import Input
from ..files.outputs import OVERLAYS, SORTED
from ..files.prediction_options import RunOptions
from ..files.run_record import FILE
from ..prediction_files import claim_folder
from .prediction import Prediction
from .predictor import Predictor


class ClassResults:
    """A table, and pictures and sorted folders beside it.

    Args:
        predictor: The model. Its ``confidence`` and ``keep_images`` are set
            to what is written.
        inputs: What will be predicted.
        out: Folder of results.
        options: What is written.

    Attributes:
        recorded: The inputs, by what their rows are called.
        ids: Number of each class, int64 (C,).
        pictures: What files beside the table depend on; None where such are
            not made.

    Raises:
        ValueError: Options that only labels of pixels have.
    """

    def __init__(
        self,
        predictor: Predictor,
        inputs: Sequence[Input],
        out: Path,
        options: RunOptions,
    ) -> None:
        _check(options)
        self._names = [one.name for one in inputs]
        self._images = {
            one.name: image_of(one) for one in inputs if not one.is_video
        }
        self.recorded = [
            replace(one, name=PurePath(self._image(one.name)))
            for one in inputs
        ]
        self.predictor, self.out, self.options = predictor, out, options
        self.ids = predictor.ids('class')
        self.pictures: dict[str, Any] = dict(
            names=True if options.overlay else None,
            sorted=options.sorted,
            video_fps=(options.fps or 'all')
            if options.overlay_video
            else None,
            image_fps=options.image_fps,
        )
        predictor.confidence = False
        predictor.keep_images = options.overlay or options.overlay_video
        self._table = ClassTable(out, predictor.classes)
        self._shares = ClassShares(predictor.classes)
        self._order: list[str] = []
        self._earlier = (out / FILE).is_file()
        if self._earlier:
            self._table.read()

    def place(self, name: PurePath) -> str:
        """Row of an image, or those of a video, of any run; else empty."""
        row = name.as_posix()
        return f'row {row} of {self._table.file}' if row in self._table else ''

    def claim(self) -> None:
        """Refuse to replace files of a user."""
        files = [TABLE] if self.options.sorted is None else [TABLE, SORTED]
        for file in files:
            if (self.out / file).exists() and not self._earlier:
                raise UserFileExistsError(
                    f'{self.out} has {file}, which no earlier run wrote and '
                    'predictions would replace: name another folder with '
                    '--out'
                )
        if self.options.overlay:
            claim_folder(self.out / OVERLAYS, self._names)

    def keep(self, name: PurePath) -> bool:
        """Whether all of an image is there; it counts then."""
        image = self._image(name)
        row = self._table.get(image)
        if row is None or not all(
            file.is_file() for file in self._files(name, row.label)
        ):
            return False
        self._count(image, row)
        return True

    def write(
        self, frame: Frame, prediction: Prediction, background: Background
    ) -> None:
        """Write what is of one image.

        Args:
            frame: The image, and the painted video that it is part of.
            prediction: What the model says of it.
            background: Where files are written.
        """
        image, label = self._image(frame.name), int(prediction.labels[0, 0])
        row = class_row(prediction.probabilities, label)
        self._table.add(image, row)
        self._count(image, row)
        if frame.painted is not None:
            frame.painted.write(self._picture(prediction, row))
        background.run(self._write_files, frame, prediction, row)

    def finish(self) -> None:
        """Write what is of all images so far."""
        self._table.finish(self._order, self.options.json)
        if self.options.shares is not None:
            self._shares.write(self.options.shares)

    def _count(self, image: str, row: ClassRow) -> None:
        self._order.append(image)
        self._shares.add(image, np.array([[row.label]]))

    def _image(self, name: PurePath) -> str:
        """Of a frame of a video the name of its files."""
        return self._images.get(name, name.as_posix())

    def _files(self, name: PurePath, label: int) -> list[Path]:
        files = []
        if self.options.overlay:
            files.append(self.out / OVERLAYS / name)
        if self.options.sorted is not None:
            files.append(self._sorted(name, label))
        return files

    def _sorted(self, name: PurePath, label: int) -> Path:
        folder = self.predictor.classes[label].replace(os.sep, '_')
        return self.out / SORTED / folder / self._image(name)

    def _write_files(
        self, frame: Frame, prediction: Prediction, row: ClassRow
    ) -> None:
        if self.options.overlay:
            picture = self._picture(prediction, row)
            write_png(self.out / OVERLAYS / frame.name, picture)
        if self.options.sorted is None:
            return
        place = self._sorted(frame.name, row.label)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.unlink(missing_ok=True)
        if isinstance(frame.image, np.ndarray):
            write_png(place, frame.image[..., ::-1])
        elif self.options.sorted == 'link':
            place.symlink_to(Path(frame.image).resolve())
        else:
            shutil.copyfile(frame.image, place)

    def _picture(self, prediction: Prediction, row: ClassRow) -> np.ndarray:
        name = self.predictor.classes[row.label]
        text = f'{name} {row.probabilities[row.label]:.2f}'
        colour = self.predictor.palette[row.label]
        return write_class_name(prediction.image[..., ::-1], text, colour)


def image_of(one: Input) -> str:
    """Relative path of an image, with its own suffix."""
    return one.name.with_name(one.path.name).as_posix()


def _check(options: RunOptions) -> None:
    """Refuse what only labels of pixels have."""
    if options.confidence_bits is not None:
        raise UserValueError(
            '--confidence saves one number a pixel, and of an image its '
            f'probabilities are in {TABLE}: leave it away'
        )
    if options.ids == 'cityscapes':
        raise UserValueError(
            f'--ids is of label files, and a classifier writes none: {TABLE} '
            'has number and name of each class; leave it away'
        )
