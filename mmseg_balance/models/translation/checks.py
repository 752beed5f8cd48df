"""What cannot work of a translator, said when it is built."""

from typing import Any

import torch
from torch import nn

from ...errors import UserValueError
from ...number_checks import check_count, check_number
from .gan_losses import GAN_LOSSES
from .generator_losses import GeneratorLosses
from .perceptual import DISTANCES

OWNER = 'CycleGAN'
CHOICES = dict(ppl_distance=DISTANCES, gan_loss=GAN_LOSSES)
CLOSE = 0.02  # mean and std of 127 and 128 pass


def check_settings(losses: GeneratorLosses, pool_size: int) -> None:
    """Refuse settings of ``CycleGAN`` that are out of range.

    Raises:
        ValueError: Names the key, the value and what was expected.
    """
    for name, known in CHOICES.items():
        value = getattr(losses, name)
        if value not in known:
            raise UserValueError(
                f'Expected `{name}` of {OWNER} to be one of {sorted(known)}, '
                f'but got {value!r}'
            )
    for name, value in vars(losses).items():
        if name not in CHOICES:
            check_number(OWNER, name, value)
    if pool_size != 0:
        check_count(OWNER, 'pool_size', pool_size)


def check_preprocessor(
    preprocessor: nn.Module, pool_size: int
) -> tuple[int, int]:
    """Refuse images whose values generators could not give.

    Args:
        preprocessor: The model's data preprocessor.
        pool_size: Images of a pool.

    Returns:
        Height and width of the images of pools; zeros without pools.

    Raises:
        ValueError: Values are not from -1 to 1, or the size is not known;
            names the key.
    """
    mean, std = (
        torch.as_tensor(getattr(preprocessor, name, value)).float()
        for name, value in (('mean', 0.0), ('std', 1.0))
    )
    low, high = (0 - mean) / std, (255 - mean) / std
    if (low + 1).abs().max() > CLOSE or (high - 1).abs().max() > CLOSE:
        raise UserValueError(
            'model.data_preprocessor gives values from '
            f'{float(low.min()):.3g} to {float(high.max()):.3g}, but '
            'generators end in tanh: set its mean and std to [127.5] * 3, '
            'or leave data_preprocessor.mean and std of the config away'
        )
    if not pool_size:
        return 0, 0
    size = getattr(preprocessor, 'size', None)
    if size is None or len(size) != 2:
        raise UserValueError(
            f'model.data_preprocessor.size is {size!r}, expected (height, '
            'width) of the crops: image pools keep translations of that size '
            'in checkpoints. Set it, or pool_size=0'
        )
    return int(size[0]), int(size[1])


def check_batch(data: Any) -> None:
    """Refuse batches of other data sets than ``UDADataset``.

    Raises:
        ValueError: Says what to set.
    """
    if not isinstance(data, dict) or not {'source', 'target'} <= data.keys():
        raise UserValueError(
            'Expected batches dict(source=..., target=...): set '
            "train_dataloader.dataset.type='UDADataset', with a source and a "
            'target'
        )
