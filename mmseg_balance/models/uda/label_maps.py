"""Labels of a batch: a map for each image, or one label for all of it."""

import torch
from mmseg.utils import SampleList
from torch import Tensor, nn

from ...errors import UserValueError
from ..classification.image_labels import image_labels
from ..declarations import labels_images
from .objectives.step import image_mask, stack_labels, trusted_mask


def batch_labels(
    model: nn.Module, images: Tensor, data_samples: SampleList
) -> Tensor:
    """Labels that images come with, as a model learns them.

    Args:
        model: A segmentor or a classifier, or a model around one.
        images: Padded, (N, 3, H, W).
        data_samples: With their labels, padded as the images are.

    Returns:
        (N, H, W); of a classifier (N, 1, 1).

    Raises:
        ValueError: Labels of images for a segmentor, or maps of labels for a
            classifier.
    """
    if labels_images(model):
        return image_labels(data_samples)
    labels = stack_labels(data_samples)
    if labels.shape[-2:] == (1, 1) != images.shape[-2:]:
        raise UserValueError(
            'Images come with one label each, but the segmentor learns a '
            "label for each pixel: set model.segmentor.type='ImageClassifier'"
            ', or data sets with label maps'
        )
    return labels


def batch_valid(
    model: nn.Module, images: Tensor, data_samples: SampleList
) -> Tensor:
    """What of a batch is image and not padding.

    Args:
        model, images, data_samples: As above.

    Returns:
        Bool (N, H, W); of a classifier (N, 1, 1), True.
    """
    if not labels_images(model):
        return image_mask(images, data_samples)
    return torch.ones(
        len(images), 1, 1, dtype=torch.bool, device=images.device
    )


def batch_trusted(
    model: nn.Module, valid: Tensor, data_samples: SampleList
) -> Tensor | None:
    """What of a batch has pseudo-labels that count, by ``PseudoMargins``.

    Args:
        model, data_samples: As above.
        valid: Of :func:`batch_valid`.

    Returns:
        Bool (N, H, W); None where no sample has margins.

    Raises:
        ValueError: Margins of images for a classifier.
    """
    has_margins = any('valid_pseudo' in sample for sample in data_samples)
    if labels_images(model) and has_margins:
        raise UserValueError(
            'The target pipeline has PseudoMargins, parts of an image without '
            'pseudo-labels, but a classifier gives all of an image one: take '
            'it out of train_dataloader.dataset.target.pipeline'
        )
    return trusted_mask(valid, data_samples)
