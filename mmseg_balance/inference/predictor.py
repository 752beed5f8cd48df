"""A trained model, from files to labels."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from mmengine.config import Config
from mmengine.dataset import pseudo_collate
from mmengine.logging import print_log
from mmseg.structures import SegDataSample
from torch import Tensor

from ..datasets.loading.bad_files import BadFileError
from ..errors import UserValueError
from ..models.segmentors import PostHocSegmentor
from .files.inputs import find_inputs
from .files.videos import Video
from .image_pipeline import ImagePipeline, LoadedImage
from .label_ids import label_ids
from .named_model import distinct_colours, find_model, num_classes
from .post_hoc import balancing, check_balancing, part_from_balancing
from .prediction import build_predictor

Image = str | Path | np.ndarray


@dataclass
class Prediction:
    """What a model says of one image.

    Attributes:
        labels: Class of each pixel at the size of the image, (H, W) in
            uint8, or uint16 of more than 256 classes.
        confidence: Largest softmax of each pixel, float32 (H, W); None
            where it was not asked for.
        path: The image's file; None of an array and of a video's frame.
        image: The image, BGR (H, W, 3) in uint8; None where it was not
            asked for.
    """

    labels: np.ndarray
    confidence: np.ndarray | None = None
    path: str | None = None
    image: np.ndarray | None = None


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
        self._pipeline = ImagePipeline(self.cfg, keep_images, channel_order)
        self._set_classes()
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
        if isinstance(images, (str, Path, np.ndarray)):
            images = [images]
        return list(self.stream(_images(images)))

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
        for loaded in self._load_ahead(images):
            if isinstance(loaded, BadFileError):
                yield from self._predict_batch(batch)
                batch = []
                if on_bad is None:
                    raise loaded
                on_bad(loaded)
                yield None
                continue
            if batch and loaded.batch_key != batch[0].batch_key:
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
        return [
            self._prediction(*pair)
            for pair in zip(batch, samples, strict=True)
        ]

    def _prediction(
        self, loaded: LoadedImage, sample: SegDataSample
    ) -> Prediction:
        if 'pred_sem_seg' not in sample:
            raise UserValueError(
                f'{type(self.model).__name__} predicts no classes, but '
                f'{", ".join(sample.keys())}: give a segmentor'
            )
        scores = sample.seg_logits.data
        if torch.isnan(scores).any():
            raise UserValueError(
                f'{self.checkpoint} gives NaN for '
                f'{loaded.path or "an array"}: its training diverged, or its '
                'numbers are too large for the precision'
            )
        wide = len(self.classes) > 256
        labels = sample.pred_sem_seg.data.squeeze(0)
        labels = labels.cpu().numpy().astype(np.uint16 if wide else np.uint8)
        confidence = None
        if self.confidence:
            confidence = max_softmax(scores).cpu().numpy()
        return Prediction(labels, confidence, loaded.path, loaded.image)

    def _load_ahead(
        self, images: Iterable[Image]
    ) -> Iterator[LoadedImage | BadFileError]:
        """Loaded images in their order, a few of them ahead."""
        if not self.num_workers:
            yield from map(self._load, images)
            return
        ahead = self.batch_size + self.num_workers
        waiting: deque[Future] = deque()
        with ThreadPoolExecutor(self.num_workers) as pool:
            try:
                for image in images:
                    waiting.append(pool.submit(self._load, image))
                    if len(waiting) > ahead:
                        yield waiting.popleft().result()
                while waiting:
                    yield waiting.popleft().result()
            finally:
                pool.shutdown(wait=False, cancel_futures=True)

    def _load(self, image: Image) -> LoadedImage | BadFileError:
        try:
            return self._pipeline(image)
        except BadFileError as error:
            return error

    def _set_classes(self) -> None:
        meta = getattr(self.model, 'dataset_meta', None) or {}
        count = num_classes(self.model)
        names = meta.get('classes') or [f'class {i}' for i in range(count)]
        if len(names) != count:
            raise UserValueError(
                f'{self.checkpoint} is of {len(names)} classes '
                f'({", ".join(names)}), and the model predicts {count}: set '
                'num_classes of its heads and metainfo.classes of the test '
                'set to those that it was trained on'
            )
        self.classes = tuple(names)
        palette = meta.get('palette')
        if palette is None or len(palette) != len(self.classes):
            palette = distinct_colours(len(self.classes))
        self.palette = [[int(v) for v in colour] for colour in palette]

    def _balance(self, settings: dict) -> None:
        """Wrap the model for post-hoc class balancing."""
        model = PostHocSegmentor(self.model, **settings)
        for line in check_balancing(model, self.checkpoint, self.classes):
            print_log(f'--post-hoc: {line}', 'current', logging.WARNING)
        self.model = model.eval()


def max_softmax(scores: Tensor) -> Tensor:
    """Largest probability of each pixel.

    Args:
        scores: Logits (C, H, W), or one probability (1, H, W) of two classes.

    Returns:
        float32 (H, W).
    """
    scores = scores.float()
    if len(scores) == 1:
        return torch.maximum(scores, 1 - scores).squeeze(0)
    # not by logsumexp, which loses the digits that large logits take up
    return 1 / (scores - scores.amax(0)).exp().sum(0)


def _images(images: Iterable[Image]) -> Iterator[Image]:
    """Arrays and files of images, of folders, patterns and videos too."""
    for image in images:
        if isinstance(image, np.ndarray):
            yield image
            continue
        for found in find_inputs([image]):
            if found.is_video:
                for _, frame in Video(found.path).frames():
                    yield frame
            else:
                yield found.path
