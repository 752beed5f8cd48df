"""Images as a test of the config would load them."""

import copy
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from mmengine.config import Config
from mmseg.registry import TRANSFORMS
from mmseg.structures import SegDataSample
from torch import Tensor

from ...configuration.temporal_score import images_pipeline
from ...datasets.loading.bad_files import BadFileError
from ...datasets.loading.leaves import leaf_configs
from ...datasets.loading.named_files import load_named
from ...datasets.loading.transform_kinds import (
    is_image_loader,
    is_label_loader,
    is_loader,
)
from ...datasets.video.fields import PREV_IMAGE, PREV_PATH, add_field
from ...datasets.video.load_previous_frame import LoadPreviousFrame
from ...errors import UserTypeError, UserValueError
from ...files.config_walk import type_name
from ..evaluation_set import TEST_SET

# path of a frame that is in no file
IN_MEMORY = 'in memory'
# what a user does to go on without a file
LEAVE_OUT = 'leave it out (mmseg-balance predict: --on-bad-image skip)'
# what cv2.imread makes of any file
COLOUR = ('color', 'color_ignore_orientation')


@dataclass
class LoadedImage:
    """An image as the model takes it.

    Attributes:
        path: Its file; None of an array.
        inputs: (channels, H, W), resized as the pipeline says.
        sample: What the model needs to know of it.
        image: BGR (H, W, 3) in uint8 at its own size; None where it is not
            kept.
    """

    path: str | None
    inputs: Tensor
    sample: SegDataSample
    image: np.ndarray | None

    @property
    def batch_key(self) -> tuple:
        """What images have in common that go through the model together."""
        meta = self.sample.metainfo
        sizes = (meta.get('ori_shape'), meta.get('img_shape'))
        flip = (meta.get('flip'), meta.get('flip_direction'))
        return tuple(self.inputs.shape), sizes, flip


@dataclass(frozen=True)
class VideoFrame:
    """An image, and the frame before it.

    Attributes:
        image: File, or array (H, W, 3) in uint8.
        previous: The same of the frame before.
    """

    image: str | Path | np.ndarray
    previous: str | Path | np.ndarray


class ImagePipeline:
    """The pipeline of a test, over files and arrays, without labels.

    Args:
        cfg: Config with ``test_dataloader``, whose (first) data set has the
            pipeline, or with ``test_pipeline``.
        keep_images: Whether the images themselves are kept.
        channel_order: Of arrays: 'bgr', as cv2 and mmcv read, or 'rgb'.
        takes_frames: Whether the model takes the frames before images, too.
            Of others these are not loaded, whatever the pipeline says.

    Attributes:
        keep_images (bool): See above.

    Raises:
        ValueError: There is no pipeline, it loads no image, or it gives
            several versions of one.
    """

    def __init__(
        self,
        cfg: Config,
        keep_images: bool = False,
        channel_order: str = 'bgr',
        takes_frames: bool = False,
    ) -> None:
        if channel_order not in ('bgr', 'rgb'):
            raise UserValueError(
                "Expected channel_order to be 'bgr' or 'rgb', but got "
                f'{channel_order!r}'
            )
        steps = test_steps(cfg)
        if not takes_frames:
            steps = images_pipeline(steps)
        for step in steps:
            if type_name(step) == LoadPreviousFrame.__name__:
                step['repeat_first'] = True  # of what is no video
        self._transforms = [TRANSFORMS.build(t) for t in steps]
        first = self._transforms[:1]
        if not (first and is_image_loader(first[0])):
            raise UserValueError(
                'the pipeline of the test begins with '
                f'{type(first[0]).__name__ if first else "nothing"}, expected '
                'one that loads images, such as LoadImageFromFile'
            )
        loader = first[0]
        self._color_type = getattr(loader, 'color_type', None)
        self._array_loader = TRANSFORMS.build(
            dict(
                type='LoadImageFromNDArray',
                to_float32=getattr(loader, 'to_float32', False),
            )
        )
        self.keep_images = keep_images
        self._is_rgb = channel_order == 'rgb'

    def __call__(
        self,
        image: str | Path | np.ndarray,
        previous: str | Path | np.ndarray | None = None,
    ) -> LoadedImage:
        """Load an image and run the transforms.

        Args:
            image: File, or array (H, W, 3) in uint8.
            previous: The frame before it; None: there is none.

        Returns:
            The image as the model takes it.

        Raises:
            UnreadableFileError: The file cannot be read or decoded.
            BadFileError: A transform cannot do with it.
            TypeError: It is neither a file nor an array.
            ValueError: The array is of another kind.
        """
        if not isinstance(image, (str, Path, np.ndarray)):
            raise UserTypeError(
                'Expected an image as a file or as an array of (height, '
                f'width, 3), but got a {type(image).__name__}'
            )
        results: Any = dict(seg_fields=[])
        if isinstance(image, np.ndarray):
            path = None
            results = self._array_loader(
                results | dict(img=self._as_read(image))
            )
            steps = self._transforms[1:]
        else:
            path = str(image)
            results['img_path'] = path
            steps = self._transforms
        if previous is not None:
            # files are read by LoadPreviousFrame
            is_array = isinstance(previous, np.ndarray)
            results[PREV_PATH] = IN_MEMORY if is_array else str(previous)
        kept = None
        for i, step in enumerate(steps):
            if isinstance(step, LoadPreviousFrame) and isinstance(
                previous, np.ndarray
            ):
                add_field(results, PREV_IMAGE, self._as_read(previous))
            elif is_loader(step):
                results = load_named(step, results, 'input', LEAVE_OUT)
            else:
                results = _call(step, results, path)
            if self.keep_images and path is not None and i == 0:
                kept = _as_picture(results['img'])
        if self.keep_images and path is None:
            kept = _as_picture(self._as_read(image))
        return LoadedImage(
            path, results['inputs'], results['data_samples'], kept
        )

    def _as_read(self, image: np.ndarray) -> np.ndarray:
        """An array as a file of that image would be read."""
        if self._color_type not in COLOUR:
            # channels of another kind, of which nothing is known here
            return image[..., ::-1].copy() if self._is_rgb else image
        if image.dtype != np.uint8:
            raise UserValueError(
                f'Expected an image in uint8 (0 to 255), but got {image.dtype}'
            )
        if image.ndim == 2:
            image = image[..., None]
        channels = image.shape[2] if image.ndim == 3 and image.size else 0
        if channels not in (1, 3, 4):
            raise UserValueError(
                'Expected an image of (height, width, 3), but got '
                f'{image.shape}'
            )
        if channels == 1:
            return np.repeat(image, 3, axis=2)
        image = image[..., :3]  # without alpha, as files are read
        return np.ascontiguousarray(
            image[..., ::-1] if self._is_rgb else image
        )


def test_steps(cfg: Config) -> list[dict]:
    """The transforms of a test, without those that load labels.

    Args:
        cfg: Config of a test, or with ``test_pipeline`` alone.

    Returns:
        Their configs; of several data sets those of the first.

    Raises:
        ValueError: There are none, or they give several versions of an image.
    """
    data = (cfg.get('test_dataloader') or {}).get('dataset')
    pipelines = [c.get('pipeline') for _, c in leaf_configs(data, TEST_SET)]
    if data and data.get('pipeline'):
        pipelines.insert(0, data['pipeline'])
    pipeline = next((p for p in pipelines if p), cfg.get('test_pipeline'))
    if not pipeline:
        raise UserValueError(
            f'{cfg.filename or "the config"} has neither {TEST_SET}.pipeline '
            'nor test_pipeline: add test_pipeline=[...], what a test does to '
            'an image'
        )
    steps = [
        copy.deepcopy(dict(step))
        for step in pipeline
        if not is_label_loader(step)
    ]
    if any(type_name(step) == 'TestTimeAug' for step in steps):
        raise UserValueError(
            'the pipeline of the test has TestTimeAug, which gives several '
            f'versions of an image: set {TEST_SET}.pipeline to one without it'
        )
    return steps


def _call(step: Callable, results: dict, path: str | None) -> dict:
    """Run a transform; its errors name the image."""
    name = f'{type(step).__name__} of the pipeline of the test'
    try:
        results = step(results)
    except Exception as error:
        height, width = results['img'].shape[:2]
        reason = ' '.join(str(error).split())
        raise BadFileError(
            f'input image {path or "in memory"} of {width} x {height} pixels: '
            f'{name} fails ({type(error).__name__}: {reason})'
        ) from error
    if results is None:
        raise BadFileError(
            f'input image {path or "in memory"}: {name} gives up on it'
        )
    return results


def _as_picture(image: np.ndarray) -> np.ndarray:
    """A copy with three channels in uint8."""
    if image.ndim == 2:
        image = image[..., None]
    if image.dtype == np.uint16:
        image = image >> 8
    image = image.clip(0, 255).astype(np.uint8)
    if image.shape[2] < 3:
        return np.repeat(image[..., :1], 3, axis=2)
    return image[..., :3].copy()
