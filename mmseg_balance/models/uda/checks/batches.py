"""Whether the batches of a training are those of its model."""

from typing import Any

from mmseg.utils import SampleList
from torch import Tensor

from ....datasets.loading.preparation import HOW_TO_LABEL
from ....errors import UserValueError


def check_pair(data: Any) -> None:
    """Refuse a batch of another data set than ``UDADataset``.

    Args:
        data: Batch of the training.

    Raises:
        ValueError: It has no source.
    """
    if not isinstance(data, dict) or 'source' not in data:
        raise UserValueError(
            'Expected batches dict(source=..., target=...): set '
            "train_dataloader.dataset.type='UDADataset'"
        )


def check_one_shape(source_images: Tensor, target_images: Tensor) -> None:
    """Refuse to mix images of two sizes.

    Args:
        source_images, target_images: Normalised and padded, (N, 3, H, W).

    Raises:
        ValueError: Names both shapes, and the keys.
    """
    if target_images.shape != source_images.shape:
        raise UserValueError(
            'Source and target crops are mixed and must be of one shape, '
            f'but are {tuple(source_images.shape)} and '
            f'{tuple(target_images.shape)}: give both pipelines the '
            'same RandomCrop, or those of a classifier the same Resize, and '
            'data_preprocessor.size that size'
        )


def check_target_labels(data_samples: SampleList) -> None:
    """Refuse target images without labels.

    Args:
        data_samples: Of the target branch.

    Raises:
        ValueError: Names the keys, and what writes such labels.
    """
    if not all('gt_sem_seg' in sample for sample in data_samples):
        raise UserValueError(f'Target images have no labels: {HOW_TO_LABEL}')
