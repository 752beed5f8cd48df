"""A trained model, from files to labels."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np
import torch
from mmengine.config import Config
from mmengine.dataset import pseudo_collate
from mmengine.logging import print_log

from ...datasets.loading.bad_files import BadFileError
from ...errors import UserValueError
from ...models.declarations import labels_images, takes_frames
from ...models.segmentors import PostHocSegmentor
from ...models.things import things_of
from ..files.inputs import find_inputs
from ..files.videos import Video
from ..post_hoc import balancing, check_balancing, part_from_balancing
from ..trained_model import build_predictor
from .class_names import classes_of
from .image_pipeline import ImagePipeline, LoadedImage, VideoFrame
from .label_ids import label_ids
from .loading import load_ahead
from .named_model import find_model
from .prediction import Prediction, read_prediction

Image = str | Path | np.ndarray | VideoFrame


class Predictor:
    """Labels images with a trained model, as mmseg-balance test does.

    Args:
        model: Config of a UDA model or of a segmentor, or the folder that
            ``export_segmentor`` wrote.
        checkpoint: Checkpoint of that model. Default: that of the folder.
        part: 'student' or 'teacher' of a UDA model; by default what its
            ``predict_with`` says.
        post_hoc: File of statistics to balance the classes by (Eq. 7), as
            ``--post-hoc`` of mmseg-balance test takes it.
        tau: Scale of the offset of ``post_hoc``. Default: 1.
        domain: Whose distributions ``post_hoc`` takes. Default: 'target'.
        device: Such as 'cpu' or 'cuda:0'. Default: an accelerator where
            there is one.
        batch_size: How many images at most go through the model together;
            those of another size than the one before begin a new batch.
        num_workers: Threads that load images ahead. 0: none.
        channel_order: Of arrays: 'bgr', as cv2 and mmcv read, or 'rgb'.
        confidence: Whether predictions have their confidence.
        keep_images: Whether predictions have their image.
        cfg_options: Overrides by dotted key, as ``--cfg-options`` gives them.

    Attributes:
        cfg (Config): Config of the model.
        model (nn.Module): The model, in evaluation mode.
        classes (tuple[str, ...]): Names of the classes.
        palette (list[list[int]]): RGB of each class.
        checkpoint (str): File of the weights.
        things (tuple[str, ...] | None): Names of the classes whose segments
            a panoptic model tells apart; None of a semantic one.
        labels_images (bool): Whether an image has one label, as of a
            classifier.
        takes_frames (bool): Whether it fuses an image with the frame before
            it (``VideoFrame``); without one with itself.

    Raises:
        FileNotFoundError: There is no such config, folder or file.
        ValueError: They do not fit each other; see ``build_predictor`` and
            ``PostHocSegmentor``.

    Example:
        >>> predictor = Predictor('config.py', 'iter_40000.pth')
        >>> for prediction in predictor.predict(['a.png', 'folder']):
        ...     print(prediction.path, prediction.labels.shape)
        >>> labels = predictor(cv2.imread('a.png')).labels
    """

    def __init__(
        self,
        model: str | Path | Config,
        checkpoint: str | Path | None = None,
        *,
        part: str | None = None,
        post_hoc: str | Path | None = None,
        tau: float | None = None,
        domain: str | None = None,
        device: str | None = None,
        batch_size: int = 1,
        num_workers: int = 2,
        channel_order: str = 'bgr',
        confidence: bool = True,
        keep_images: bool = False,
        cfg_options: dict | None = None,
    ) -> None:
        if batch_size < 1 or num_workers < 0:
            raise UserValueError(
                'Expected batch_size to be at least 1 and num_workers at '
                f'least 0, but got {batch_size} and {num_workers}'
            )
        cfg, self.checkpoint = find_model(model, checkpoint, cfg_options)
        balance = balancing(post_hoc, tau, domain)
        if not balance:
            cfg, balance = part_from_balancing(cfg)
        self.cfg, self.model = build_predictor(
            cfg, self.checkpoint, part=part, device=device
        )
        self.batch_size, self.num_workers = batch_size, num_workers
        self.confidence = confidence
        self.takes_frames = any(map(takes_frames, self.model.modules()))
        self._pipeline = ImagePipeline(
            self.cfg, keep_images, channel_order, self.takes_frames
        )
        self.classes, self.palette = classes_of(self.model, self.checkpoint)
        self.labels_images = labels_images(self.model)
        things = things_of(self.model)
        self.things = things and tuple(self.classes[i] for i in things)
        if balance:
            self._balance(balance)

    def __call__(self, image: Image) -> Prediction:
        """Label one image.

        Args:
            image: File, or array (H, W, 3) in uint8.

        Returns:
            Its prediction.
        """
        return next(self.stream([image]))

    def predict(self, images: Image | Iterable[Image]) -> list[Prediction]:
        """Label images and keep the results; see :meth:`stream` for many.

        Args:
            images: Array, file, folder, pattern or video, or several.

        Returns:
            A prediction for each image and each frame, in their order; the
            files of a folder in the order of their names.
        """
        if isinstance(images, (str, Path, np.ndarray, VideoFrame)):
            images = [images]
        return list(self.stream(_images(images, self.takes_frames)))

    def stream(
        self,
        images: Iterable[Image],
        on_bad: Callable[[BadFileError], None] | None = None,
    ) -> Iterator[Prediction | None]:
        """Label images one after the other, as they come.

        Args:
            images: Files of images, or arrays. Only some are held at once.
            on_bad: Called for a file that cannot be read, in whose place
                None is given. Default: the error is raised.

        Yields:
            The prediction of each image, in their order.

        Raises:
            UnreadableFileError: A file cannot be read or decoded.
            ValueError: An array is no image, or the model gives NaN.
        """
        batch: list[LoadedImage] = []
        num_ahead = self.batch_size + self.num_workers
        for loaded in load_ahead(
            self._load, images, num_ahead, self.num_workers
        ):
            if isinstance(loaded, BadFileError):
                yield from self._predict_batch(batch)
                batch = []
                if on_bad is None:
                    raise loaded
                on_bad(loaded)
                yield None
                continue
            if batch and not self._go_together(loaded, batch[0]):
                yield from self._predict_batch(batch)
                batch = []
            batch.append(loaded)
            if len(batch) == self.batch_size:
                yield from self._predict_batch(batch)
                batch = []
        yield from self._predict_batch(batch)

    @property
    def keep_images(self) -> bool:
        """Whether predictions have their image."""
        return self._pipeline.keep_images

    @keep_images.setter
    def keep_images(self, keep: bool) -> None:
        self._pipeline.keep_images = keep

    def ids(self, scheme: str = 'dataset') -> np.ndarray:
        """Value of each class in label files; see :func:`label_ids`.

        Args:
            scheme: 'dataset', 'class' or 'cityscapes'.

        Returns:
            int64 (C,).
        """
        return label_ids(self.cfg, self.classes, scheme)

    def _go_together(self, one: LoadedImage, other: LoadedImage) -> bool:
        if self.labels_images:  # whatever the sizes of the images were
            return one.inputs.shape == other.inputs.shape
        return one.batch_key == other.batch_key

    @torch.no_grad()
    def _predict_batch(self, batch: list[LoadedImage]) -> list[Prediction]:
        if not batch:
            return []
        data = [
            dict(inputs=one.inputs, data_samples=one.sample) for one in batch
        ]
        try:
            samples = self.model.test_step(pseudo_collate(data))
        except Exception as error:
            paths = [one.path or 'image in memory' for one in batch]
            notes = getattr(error, '__notes__', ())
            error.__notes__ = [*notes, ', '.join(paths)]
            raise
        if 'pred_sem_seg' not in samples[0]:
            raise UserValueError(
                f'{type(self.model).__name__} predicts no classes, but '
                f'{", ".join(samples[0].keys())}: give a segmentor'
            )
        return [
            read_prediction(
                sample,
                loaded,
                len(self.classes),
                self.confidence,
                self.checkpoint,
                self.labels_images,
            )
            for loaded, sample in zip(batch, samples, strict=True)
        ]

    def _load(self, image: Image) -> LoadedImage | BadFileError:
        try:
            if isinstance(image, VideoFrame):
                return self._pipeline(image.image, image.previous)
            return self._pipeline(image)
        except BadFileError as error:
            return error

    def _balance(self, settings: dict) -> None:
        """Wrap the model for post-hoc class balancing."""
        model = PostHocSegmentor(self.model, **settings)
        for line in check_balancing(model, self.checkpoint, self.classes):
            print_log(f'--post-hoc: {line}', 'current', logging.WARNING)
        self.model = model.eval()


def _images(images: Iterable[Image], in_pairs: bool) -> Iterator[Image]:
    """Arrays and files of images, of folders, patterns and videos too."""
    for image in images:
        if isinstance(image, (np.ndarray, VideoFrame)):
            yield image
            continue
        for found in find_inputs([image]):
            if found.is_video:
                previous = None
                for _, frame in Video(found.path).frames():
                    pair = in_pairs and previous is not None
                    yield VideoFrame(frame, previous) if pair else frame
                    previous = frame
            else:
                yield found.path
