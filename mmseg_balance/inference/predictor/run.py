"""Predictions of files, written to a folder as they come."""

from collections import deque
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePath

from ...datasets.loading.bad_files import BadFileError
from ...errors import UserValueError
from ...progress import progress_bar
from ...stop_signals import StopSignals
from ...version import __version__
from ..files.background import Background
from ..files.class_shares import check_shares_file
from ..files.frames import Frame, FrameStream
from ..files.inputs import Input, find_inputs
from ..files.outputs import OVERLAYS, result_folders
from ..files.prediction_options import RunOptions, Summary
from ..files.run_record import RunRecord
from ..prediction_files import claim_folder, make_folder
from .class_results import ClassResults
from .image_pipeline import VideoFrame
from .map_results import MapResults
from .prediction import Prediction
from .predictor import Image, Predictor
from .run_settings import run_settings


class PredictionRun:
    """Predicts files and writes the results.

    Nothing is written before :meth:`run`; what cannot work is refused
    before.

    Args:
        predictor: The model. Its ``confidence`` and ``keep_images`` are set
            to what is written.
        inputs: Files, folders, patterns and videos, or what
            ``find_inputs`` found of them.
        out: Folder of results.
        options: What is written.

    Attributes:
        inputs (list[Input]): The images and videos.

    Raises:
        FileExistsError: ``out`` has results of another model, or files that
            no run wrote and that would be replaced.
        FileNotFoundError: There is nothing to predict.
        UnreadableFileError: A video cannot be read.
    """

    def __init__(
        self,
        predictor: Predictor,
        inputs: Sequence[str | Path] | Sequence[Input],
        out: str | Path,
        options: RunOptions | None = None,
    ) -> None:
        self.predictor = predictor
        self.options = options = options or RunOptions()
        self.out = Path(out)
        self.inputs = [one for one in inputs if isinstance(one, Input)]
        if len(self.inputs) < len(inputs) or not inputs:
            self.inputs = find_inputs(inputs, result_folders(self.out))
        check_kind(options, predictor.labels_images)
        check_has_video(options, self.inputs)
        kind = ClassResults if predictor.labels_images else MapResults
        self._results = kind(predictor, self.inputs, self.out, options)
        self._record = RunRecord(
            self.out,
            run_settings(predictor, self._results.ids),
            self._results.pictures,
            self._results.recorded,
            self._results.place,
        )
        if options.shares is not None:
            check_shares_file(options.shares)
        self._summary = Summary()
        self._stream = FrameStream(
            self.inputs,
            options.fps,
            self.out / OVERLAYS if options.overlay_video else None,
            options.resume,
            self._note_bad,
            self._summary.notes.append,
            options.image_fps,
            predictor.takes_frames,
        )

    def run(self) -> Summary:
        """Predict all of it.

        Ctrl-C and SIGTERM end it behind the images that are on their way.

        Returns:
            How many there were, and what could not be read.

        Raises:
            UnreadableFileError: A file cannot be read, unless such are
                skipped.
        """
        self._claim()
        with (
            StopSignals() as stop,
            progress_bar(
                'predict',
                len(self._stream),
                'images',
                # those that are kept take no time
                smoothing=0.1,
                disable=not self.options.progress,
            ) as bar,
        ):

            def is_done(name: PurePath) -> bool:
                is_kept = self.options.resume and self._keep(name)
                bar.update(is_kept)
                return is_kept

            frames = self._stream.frames(is_done, lambda: stop.requested)
            try:
                with Background(self.predictor.num_workers) as background:
                    for frame, prediction in self._predictions(frames):
                        bar.update()
                        if prediction is not None:
                            self._results.write(frame, prediction, background)
                            self._summary.predicted += 1
            finally:
                self._results.finish()
            self._summary.was_stopped = stop.requested
        return self._summary

    def _predictions(
        self, frames: Iterator[Frame]
    ) -> Iterator[tuple[Frame, Prediction | None]]:
        """Each frame with its prediction; painted videos are ended."""
        waiting: deque[Frame] = deque()

        def images() -> Iterator[Image]:
            for frame in frames:
                waiting.append(frame)
                if frame.previous is None:
                    yield frame.image
                else:
                    yield VideoFrame(frame.image, frame.previous)

        painted = None
        try:
            for prediction in self.predictor.stream(
                images(), on_bad=self._note_bad
            ):
                frame = waiting.popleft()
                if painted is not None and frame.painted is not painted:
                    painted.close()
                painted = frame.painted
                yield frame, prediction
        except BaseException:
            if painted is not None:
                painted.is_whole = False
            raise
        finally:
            if painted is not None:
                painted.close()

    def _claim(self) -> None:
        """Refuse to replace files of a user; say what will be written."""
        make_folder(self.out)
        self._results.claim()
        painted = self._stream.painted_names()
        if self.options.overlay_video and painted:
            claim_folder(self.out / OVERLAYS, painted)
        self._record.write(
            checkpoint=self.predictor.checkpoint,
            classes=list(self.predictor.classes),
            version=__version__,
        )

    def _keep(self, name: PurePath) -> bool:
        """Whether the files of an image are there; counts it then."""
        is_there = self._results.keep(name)
        self._summary.kept += is_there
        return is_there

    def _note_bad(self, error: BadFileError) -> None:
        if self.options.on_bad_image == 'stop':
            raise error
        self._summary.bad.append(str(error))


def check_has_video(options: RunOptions, inputs: Sequence[Input]) -> None:
    """Refuse to paint a video of images that are none.

    Args:
        options: What is to be written.
        inputs: Of what.

    Raises:
        ValueError: Says what makes a video of images.
    """
    if not options.overlay_video or options.image_fps is not None:
        return
    if not any(one.is_video for one in inputs):
        raise UserValueError(
            '--overlay-video: there is no video among the inputs; --image-fps '
            'F makes one of the images of each folder, F a second'
        )


def check_kind(options: RunOptions, labels_images: bool) -> None:
    """Refuse what only a classifier writes, of a segmentor.

    Args:
        options: What is to be written.
        labels_images: Whether an image has one label.

    Raises:
        ValueError: Names the option.
    """
    asked = {'--sorted': options.sorted, '--json': options.json}
    wrong = [name for name, value in asked.items() if value]
    if wrong and not labels_images:
        raise UserValueError(
            f'{" and ".join(wrong)}: for models that give an image one label, '
            'and this one labels pixels; leave it away'
        )
