"""Images as generators take and give them: from -1 to 1."""

import torch
from mmseg.utils import OptConfigType
from torch import nn

from ...errors import UserValueError

PREPROCESSOR = dict(
    type='SegDataPreProcessor',
    mean=[127.5] * 3,
    std=[127.5] * 3,
    bgr_to_rgb=True,
    pad_val=0,
    seg_pad_val=255,
)
CLOSE = 0.02  # mean and std of 127 and 128 pass


def preprocessor_config(config: OptConfigType = None) -> dict:
    """Config of a translator's data preprocessor, with what it leaves open.

    Args:
        config: ``data_preprocessor`` of the model's config.
    """
    return {**PREPROCESSOR, **(config or {})}


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
