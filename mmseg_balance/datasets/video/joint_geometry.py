"""Transforms that move both frames of a pair, and the flow between them.

``RandomCrop`` of MMSegmentation moves all that is in ``seg_fields``, and
serves as it is. Its ``Resize`` and ``RandomFlip`` move these as labels: the
two here interpolate frame and flow, and change the values of the flow.
``RandomResize`` takes the first by ``resize_type='ResizeFrames'``.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import mmcv
import numpy as np
from mmseg.datasets.transforms import RandomCrop, RandomFlip, Resize
from mmseg.registry import TRANSFORMS

from ...errors import UserValueError
from ...optical_flow.geometry import negate_flipped, resize_flow_array
from .fields import FLOW, FLOW_VALID, PREV_IMAGE

GEOMETRY = re.compile('Resize|Rescale|Flip|Rot|Crop|Pad|Mosaic|Albu|Affine')
INSTEAD = {
    'Resize': "dict(type='ResizeFrames')",
    'RandomResize': "dict(type='RandomResize', resize_type='ResizeFrames')",
    'RandomFlip': "dict(type='RandomFlipFrames')",
    'CenterCrop': "dict(type='RandomCrop')",
}


@TRANSFORMS.register_module()
class ResizeFrames(Resize):
    """``Resize`` of MMSegmentation for pairs of frames.

    The earlier frame is resized as the image is; the flow by bilinear
    interpolation, and its values by the ratios of width and height. Without
    frames it does what ``Resize`` does.

    Args:
        **kwargs: See ``mmseg.datasets.Resize``.
    """

    moves_frames = True

    def _resize_img(self, results: dict) -> None:
        super()._resize_img(results)
        height, width = results['img'].shape[:2]
        if PREV_IMAGE in results:
            results[PREV_IMAGE] = mmcv.imresize(
                results[PREV_IMAGE],
                (width, height),
                interpolation=self.interpolation,
                backend=self.backend,
            )
        if FLOW in results:
            flow, valid = resize_flow_array(
                results[FLOW], results[FLOW_VALID] > 0, (height, width)
            )
            results[FLOW] = flow
            results[FLOW_VALID] = valid.astype(np.uint8)

    def _resize_seg(self, results: dict) -> None:
        # what is left are labels
        own = (PREV_IMAGE, FLOW, FLOW_VALID)
        fields = [k for k in results.get('seg_fields', ()) if k not in own]
        labels = {**results, 'seg_fields': fields}
        super()._resize_seg(labels)
        results.update({key: labels[key] for key in fields if key in labels})


@TRANSFORMS.register_module()
class RandomFlipFrames(RandomFlip):
    """``RandomFlip`` of MMSegmentation for pairs of frames.

    Both frames are mirrored, and so is the flow, whose u is negated (v in a
    vertical flip). Without frames it does what ``RandomFlip`` does.

    Args:
        **kwargs: See ``mmseg.datasets.RandomFlip``.
    """

    moves_frames = True

    def _flip(self, results: dict) -> None:
        fields = results.get('seg_fields', [])
        own = [k for k in (PREV_IMAGE, FLOW, FLOW_VALID) if k in fields]
        direction = results['flip_direction']
        labels = {
            **results,
            'seg_fields': [key for key in fields if key not in own],
        }
        # swap_seg_labels is for these alone
        super()._flip(labels)
        results.update(labels, seg_fields=fields)
        for key in own:
            flipped = mmcv.imflip(results[key], direction=direction)
            results[key] = np.ascontiguousarray(flipped)
        if FLOW in own:
            results[FLOW] = negate_flipped(results[FLOW], direction)


def check_geometry(transforms: Sequence[Callable], key: str) -> None:
    """Refuse transforms that move the image and not the frame before it.

    Args:
        transforms: Of a pipeline that loads frames or flow.
        key: Key of its data set, for the message.

    Raises:
        ValueError: Names the transform, and what serves in its place.
    """
    for transform in flat(transforms):
        if moves_frames(transform):
            continue
        name = type(transform).__name__
        instead = INSTEAD.get(name)
        mend = f'put {instead} in its place' if instead else 'take it out'
        raise UserValueError(
            f'{key}.pipeline loads pairs of frames, and {name} would move the '
            f'image alone: {mend}; RandomCrop, '
            'ResizeFrames, RandomFlipFrames and RandomResize with '
            'resize_type move both frames and the flow'
        )


def flat(transforms: Iterable[Any]) -> Iterator[Callable]:
    """Transforms, and those that they are made of."""
    for transform in transforms:
        if isinstance(transform, list | tuple):
            yield from flat(transform)
        else:
            yield transform
            yield from flat(getattr(transform, 'transforms', ()))


def moves_frames(transform: Callable) -> bool:
    """Whether a transform leaves a pair of frames in step.

    Args:
        transform: A transform of a pipeline.

    Returns:
        True of those that do not move pixels, as far as their names say.
    """
    if type(transform) is RandomCrop or not GEOMETRY.search(
        type(transform).__name__
    ):
        return True
    inner = getattr(transform, 'resize', transform)
    return getattr(inner, 'moves_frames', False)
