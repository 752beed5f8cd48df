"""Predictions of the frames before the images of an evaluation."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from mmengine.structures import PixelData
from mmseg.structures import SegDataSample
from torch import nn

from ...errors import UserValueError
from ..declarations import takes_frames

# of a sample; beside its ``pred_sem_seg``
PREDICTED_BEFORE = 'prev_pred_sem_seg'


def predict_earlier(
    model: nn.Module, step: Callable[[dict], Sequence[Any]], batch: dict
) -> None:
    """Predict the frame before each image, as the image itself is.

    It goes through the same preprocessing, at the same size. A model that
    fuses frames (``takes_frames``) sees it as the first one of a sequence:
    what was before it is not loaded.

    Args:
        model: The model.
        step: Its ``val_step`` or ``test_step``.
        batch: ``dict(inputs=..., data_samples=...)`` of a data loader. Those
            of its samples that have a frame before them (``prev_img``, and
            ``prev_img_path`` is not None) gain ``prev_pred_sem_seg``, int64
            (1, H, W) at the size of their own prediction.

    Raises:
        ValueError: An image comes in several views, as for test-time
            augmentation.
    """
    samples = batch['data_samples']
    if any(not isinstance(sample, SegDataSample) for sample in samples):
        raise UserValueError(
            'the frame before an image is predicted once, and this evaluation '
            'gives several views of each image (test-time augmentation): '
            'leave --tta, or TemporalConsistencyMetric, away'
        )
    pairs = [
        sample
        for sample in samples
        if 'prev_img' in sample and sample.get('prev_img_path') is not None
    ]
    if not pairs:
        return
    fuses = any(takes_frames(module) for module in model.modules())
    earlier = [_earlier(sample, fuses) for sample in pairs]
    inputs = [sample.prev_img.data for sample in pairs]
    predicted = step(dict(inputs=inputs, data_samples=earlier))
    for sample, found in zip(pairs, predicted, strict=True):
        labels = PixelData(data=found.pred_sem_seg.data)
        sample.set_data({PREDICTED_BEFORE: labels})


def _earlier(sample: SegDataSample, fuses: bool) -> SegDataSample:
    """What the model is to know of the frame before an image."""
    known = dict(sample.metainfo, img_path=sample.prev_img_path)
    if not fuses:
        return SegDataSample(metainfo=known)
    image = sample.prev_img.data
    flow = torch.zeros_like(sample.flow.data)
    valid = torch.ones_like(sample.flow_valid.data)
    earlier = SegDataSample(metainfo=dict(known, prev_img_path=None))
    earlier.set_data(
        dict(
            prev_img=PixelData(data=image),
            flow=PixelData(data=flow),
            flow_valid=PixelData(data=valid),
        )
    )
    return earlier
