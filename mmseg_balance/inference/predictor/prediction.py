"""What a model says of one image."""

from dataclasses import dataclass

import numpy as np
import torch
from mmseg.structures import SegDataSample
from torch import Tensor

from ...errors import UserValueError
from .image_pipeline import LoadedImage


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
        segments: Ids of segments, int32 (H, W): class * 1000 + number, from
            1 for things, 255000 for none; None of a model without an
            instance branch.
        probabilities: Of each class, float32 (C,), of a classifier, whose
            labels are of one pixel; None of a segmentor.
    """

    labels: np.ndarray
    confidence: np.ndarray | None = None
    path: str | None = None
    image: np.ndarray | None = None
    segments: np.ndarray | None = None
    probabilities: np.ndarray | None = None


def read_prediction(
    sample: SegDataSample,
    loaded: LoadedImage,
    num_classes: int,
    confidence: bool,
    source: str,
    is_image: bool = False,
) -> Prediction:
    """Take labels, and how sure they are, out of a model's sample.

    Args:
        sample: What the model gave.
        loaded: The image that it gave it for.
        num_classes: Number of classes C.
        confidence: Whether the prediction has its confidence.
        source: File of the weights, for errors.
        is_image: Whether the label is of the image, and not of its pixels.

    Returns:
        The prediction.

    Raises:
        ValueError: There is NaN in it.
    """
    scores = sample.seg_logits.data
    if torch.isnan(scores).any():
        raise UserValueError(
            f'{source} gives NaN for {loaded.path or "an array"}: its '
            'training diverged, or its numbers are too large for the '
            'precision'
        )
    segments = sample.get('pred_panoptic_seg')
    if segments is not None:
        segments = segments.data.squeeze(0).cpu().numpy()
    kind = np.uint16 if num_classes > 256 else np.uint8
    return Prediction(
        sample.pred_sem_seg.data.squeeze(0).cpu().numpy().astype(kind),
        max_softmax(scores).cpu().numpy() if confidence else None,
        loaded.path,
        loaded.image,
        segments,
        image_probabilities(scores) if is_image else None,
    )


def image_probabilities(scores: Tensor) -> np.ndarray:
    """Probability of each class of an image.

    Args:
        scores: Logits (C, 1, 1).

    Returns:
        float32 (C,).
    """
    return scores.float().flatten().softmax(0).cpu().numpy()


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
