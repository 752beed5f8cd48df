"""Pseudo-labels of a target training set, written to a folder."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePath
from typing import Any

import numpy as np
from mmengine.dist import barrier, get_dist_info

from ...datasets.files.label_images import read_label, write_png
from ...errors import UserValueError
from ...progress import progress_bar
from ...runs.records.provenance import describe_files
from ...stop_signals import StopSignals
from ...version import __version__
from ...visualization.figures import colour_labels
from ..files.background import Background
from ..prediction_files import claim_folder, make_folder
from ..predictor.predictor import Predictor
from ..predictor.run_settings import run_settings
from .record import LabelRecord
from .stored_predictions import StoredPredictions
from .target_images import TargetImage, TargetSet
from .thresholds import IGNORED, ThresholdRule, class_thresholds, label

STORE = '.unfinished'


class PseudoLabelRun:
    """Predicts all images, finds the thresholds, and writes the labels.

    The model sees each image once. What it says is kept in files until the
    thresholds of the whole set are known; so the run can be killed at any
    time and goes on with the same result. Several processes share the
    images.

    Args:
        predictor: The model; its ``confidence`` is set.
        target: The images.
        out: Folder of the labels.
        rule: How thresholds are found.
        pictures: Folder of coloured labels, black where there is none.
            Default: none are drawn.

    Raises:
        FileExistsError: ``out`` has other labels, or files that no run
            wrote and that would be replaced.
    """

    def __init__(
        self,
        predictor: Predictor,
        target: TargetSet,
        out: str | Path,
        rule: ThresholdRule,
        pictures: str | Path | None = None,
    ) -> None:
        self.predictor, self.target, self.rule = predictor, target, rule
        self.out = Path(out)
        self.pictures = None if pictures is None else Path(pictures)
        predictor.confidence = True
        predictor.keep_images = False
        settings = dict(
            **run_settings(predictor, target.values),
            images=describe_files(target.dataset),
            **rule.settings(),
        )
        self.record = LabelRecord(self.out, settings)
        self.store = StoredPredictions(
            self.out / STORE, rule.sure, rule.fixed is None
        )
        self._rank, self._ranks = get_dist_info()

    @property
    def names(self) -> list[PurePath]:
        """Relative paths of all labels."""
        return [image.name for image in self.target.images]

    def run(self) -> dict[str, Any]:
        """Do what is left to do.

        Returns:
            The content of the record; see ``report``.

        Raises:
            KeyboardInterrupt: A signal came; what was done is kept.
            UnreadableFileError: An image cannot be read.
        """
        if self._rank == 0:
            self._claim()
        self._meet()
        self._predict()
        self._meet()
        if self._rank == 0 and self.record.thresholds is None:
            self._find_thresholds()
        self._meet()
        self._write_labels()
        barrier()
        if self._rank == 0:
            self.record.note(labelled_pixels=self._count_labels())
        return self.record.content

    def _claim(self) -> None:
        """Refuse to replace files of a user; say what will be written."""
        make_folder(self.out)
        claim_folder(self.out, self.names)
        if self.pictures is not None:
            make_folder(self.pictures, '--pictures')
            claim_folder(self.pictures, self.names)
        self.record.note(
            checkpoint=self.predictor.checkpoint,
            classes=list(self.predictor.classes),
            num_images=len(self.target.images),
            version=__version__,
        )

    def _meet(self) -> None:
        """Wait for all processes, and take over what the first has noted."""
        barrier()
        settings = self.record.content['settings']
        self.record = LabelRecord(self.out, settings)

    def _own(self, images: Sequence[TargetImage]) -> list[TargetImage]:
        """The share of this process."""
        return list(images[self._rank :: self._ranks])

    def _predict(self) -> None:
        """Keep what the model says of the images of this process."""
        images = self._own(self.target.images)
        left = [i for i in images if not self._is_done(i.name)]
        with (
            _stoppable() as check,
            progress_bar(
                'predict', len(images), 'images', len(images) - len(left)
            ) as bar,
            Background(self.predictor.num_workers) as background,
        ):
            found = self.predictor.stream(image.path for image in left)
            for image, prediction in zip(left, found, strict=True):
                background.run(
                    self.store.write,
                    image.name,
                    prediction.labels,
                    prediction.confidence,
                )
                bar.update()
                check()

    def _is_done(self, name: PurePath) -> bool:
        """Whether the prediction of an image is known, or not needed."""
        has_label = self.record.thresholds is not None and (
            (self.out / name).is_file()
        )
        return has_label or self.store.place(name).is_file()

    def _find_thresholds(self) -> None:
        names = self.names
        counts = self.store.count(names, len(self.predictor.classes))
        thresholds = class_thresholds(
            lambda: self.store.unsure(names), counts, self.rule
        )
        self.record.note(
            predicted_pixels=counts.tolist(), thresholds=thresholds.tolist()
        )

    def _write_labels(self) -> None:
        """Write what is left; a stored prediction goes with its label."""
        thresholds = self.record.thresholds
        images = self._own(self.target.images)
        with (
            _stoppable() as check,
            progress_bar('write labels', len(images), 'images') as bar,
        ):
            for image in images:
                if self.store.place(image.name).is_file():
                    self._write_label(image.name, thresholds)
                self._draw(image.name)
                bar.update()
                check()

    def _write_label(self, name: PurePath, thresholds: np.ndarray) -> None:
        classes, confidence = self.store.read(name)
        labels = label(classes, confidence, self._compared(thresholds))
        write_png(self.out / name, self._to_values()[labels])
        self.store.remove(name)

    def _compared(self, thresholds: np.ndarray) -> np.ndarray:
        """Thresholds for what the store gives: 0 or 1 of fixed ones."""
        return thresholds if self.store.keeps_confidences else thresholds > 0

    def _draw(self, name: PurePath) -> None:
        if self.pictures is None or (self.pictures / name).is_file():
            return
        labels = self._to_classes()[read_label(self.out / name)]
        picture = colour_labels(labels, self.predictor.palette)
        write_png(self.pictures / name, picture)

    def _count_labels(self) -> list[int]:
        """Labelled pixels of each class, by the files."""
        num_classes = len(self.predictor.classes)
        counts = np.zeros(IGNORED + 1, np.int64)
        to_classes = self._to_classes()
        for name in self.names:
            labels = to_classes[read_label(self.out / name)]
            counts += np.bincount(labels.ravel(), minlength=IGNORED + 1)
        return counts[:num_classes].tolist()

    def _to_values(self) -> np.ndarray:
        """Value in a file of each label, uint8 (256,)."""
        values = np.full(IGNORED + 1, IGNORED, np.uint8)
        values[: len(self.target.values)] = self.target.values
        return values

    def _to_classes(self) -> np.ndarray:
        """Label of each value in a file, uint8 (256,)."""
        classes = np.full(IGNORED + 1, IGNORED, np.uint8)
        classes[self.target.values] = np.arange(len(self.target.values))
        return classes


@contextmanager
def _stoppable() -> Iterator[Callable[[], None]]:
    """Note signals that end a program, raised where it is safe."""
    with StopSignals() as stop:

        def check() -> None:
            if stop.requested:
                raise KeyboardInterrupt

        yield check


def check_labels_pixels(predictor: Predictor) -> None:
    """Refuse a classifier, whose labels are no maps.

    Args:
        predictor: The model.

    Raises:
        ValueError: Names the command that does for it what this one does for
            segmentors.
    """
    if predictor.labels_images:
        raise UserValueError(
            'pseudo-labels writes a label for each pixel, and this model '
            'gives an image one: mmseg-balance predict --sorted copy puts '
            'images into a folder for each class, which ClassFolderDataset '
            'reads'
        )
