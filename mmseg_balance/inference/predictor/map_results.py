"""What is written of images whose pixels are labelled."""

from collections.abc import Sequence
from pathlib import Path, PurePath
from typing import Any

from ..files.background import Background
from ..files.class_shares import ClassShares
from ..files.frames import Frame
from ..files.inputs import Input
from ..files.outputs import LABELS, ResultFiles, paint
from ..files.panoptic_files import LIST, PANOPTIC, PanopticFiles
from ..files.prediction_options import RunOptions
from ..prediction_files import claim_folder
from .prediction import Prediction
from .predictor import Predictor


class MapResults:
    """Label files, and pictures and lists beside them.

    Args:
        predictor: The model. Its ``confidence`` and ``keep_images`` are set
            to what is written.
        inputs: What will be predicted.
        out: Folder of results.
        options: What is written.

    Attributes:
        recorded: The inputs, by what their label files are called.
        ids: Value of each class in label files, int64 (C,).
        pictures: What pictures depend on; None where such are not made.
    """

    def __init__(
        self,
        predictor: Predictor,
        inputs: Sequence[Input],
        out: Path,
        options: RunOptions,
    ) -> None:
        self.predictor, self.out, self.options = predictor, out, options
        self.inputs = self.recorded = inputs
        self.ids = predictor.ids(options.ids)
        paints = options.overlay or options.overlay_video
        self.pictures: dict[str, Any] = dict(
            opacity=float(options.opacity) if paints else None,
            confidence_bits=options.confidence_bits,
            video_fps=(options.fps or 'all')
            if options.overlay_video
            else None,
            image_fps=options.image_fps,
        )
        if predictor.takes_frames and not all(i.is_video for i in inputs):
            # labels differ with the frame before an image
            in_pairs = options.image_fps is not None
            self.pictures['images_in_pairs'] = in_pairs
        predictor.confidence = options.confidence_bits is not None
        predictor.keep_images = paints
        self._panoptic = None
        if predictor.things is not None:
            self._panoptic = PanopticFiles(
                out, predictor.classes, predictor.palette, predictor.things
            )
        self._files = ResultFiles(
            out,
            self.ids,
            predictor.palette,
            options.opacity if options.overlay else None,
            options.confidence_bits,
            self._panoptic,
            predictor.classes,
        )
        self._shares = ClassShares(predictor.classes)

    def place(self, name: PurePath) -> str:
        """Label file of an image, of any run; empty where there is none."""
        file = self.out / LABELS / name
        return str(file) if file.exists() else ''

    def claim(self) -> None:
        """Refuse to replace files of a user."""
        names = [one.name for one in self.inputs]
        for kind in self._files.kinds:
            lists = [PurePath(LIST)] if kind == PANOPTIC else []
            claim_folder(self.out / kind, [*names, *lists])

    def keep(self, name: PurePath) -> bool:
        """Whether the files of an image are there; they count then."""
        if not self._files.is_there(name):
            return False
        if self.options.shares is not None:
            labels = self._files.read_labels(name)
            self._shares.add(shares_key(name), labels)
        if self._panoptic is not None:
            self._panoptic.keep(name)
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
        labels, image = prediction.labels, prediction.image
        confidence, segments = prediction.confidence, prediction.segments
        background.run(
            self._files.write, frame.name, labels, confidence, image, segments
        )
        if frame.painted is not None and image is not None:
            painted = paint(
                image,
                labels,
                self.predictor.palette,
                self.options.opacity,
                segments,
                self.predictor.classes,
            )
            frame.painted.write(painted)
        if self.options.shares is not None:
            self._shares.add(shares_key(frame.name), labels)

    def finish(self) -> None:
        """Write what is of all images so far."""
        if self.options.shares is not None:
            self._shares.write(self.options.shares)
        if self._panoptic is not None:
            self._panoptic.write_list(
                {
                    one.name.as_posix(): one.path.suffix
                    for one in self.inputs
                    if not one.is_video
                }
            )


def shares_key(name: PurePath) -> str:
    """Key of an image in the file of class shares: its relative path."""
    return name.with_suffix('').as_posix()
