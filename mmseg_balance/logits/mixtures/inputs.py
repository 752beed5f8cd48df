"""What a bank of mixtures is given: its settings, and samples that count."""

from collections.abc import Sequence

import torch
from torch import Tensor

from ...errors import UserValueError

# A logit beyond this is a failure of the network, not a sample of it.
LARGEST = 1e6


def check_mixture_settings(
    num_components: int,
    momentum: float,
    warmup: int,
    min_variance: float = 1e-4,
) -> None:
    """Refuse a setting of mixtures that is out of range.

    Args: see :class:`.gmm.GaussianMixtureBank`.

    Raises:
        ValueError: Names the setting, its value, and what was expected.
    """
    if num_components < 1:
        raise UserValueError(
            'Expected `num_components` to be at least 1, '
            f'but got {num_components}'
        )
    if not 0 <= momentum < 1:
        raise UserValueError(
            f'Expected `momentum` to be in [0, 1), but got {momentum}'
        )
    if warmup < 0:
        raise UserValueError(
            'Expected `warmup` to be 0 (no ramp) or a number'
            f' of updates, but got {warmup}'
        )
    if min_variance <= 0:
        raise UserValueError(
            f'Expected `min_variance` to be positive, but got {min_variance}'
        )


def counted(
    samples: Tensor, valid: Tensor | None, shape: Sequence[int]
) -> tuple[Tensor, Tensor]:
    """Samples in float32, and a mask of those that count.

    Args:
        samples: ``(*shape, N)``; what is not finite, or beyond 1e6, does
            not count.
        valid: Those that may count, bool ``(*shape, N)``. Default: all.
        shape: Shape of the bank.

    Returns:
        The samples, 0 where they are not finite or too large, and bool
        ``(*shape, N)``.

    Raises:
        ValueError: Shapes that do not fit the bank.
    """
    if samples.shape[:-1] != torch.Size(shape):
        raise UserValueError(
            f'Expected `samples` to be of shape {tuple(shape)} + (N,), but '
            f'got {tuple(samples.shape)}'
        )
    if valid is not None and valid.shape != samples.shape:
        raise UserValueError(
            'Expected `valid` to be of the shape of `samples`, '
            f'{tuple(samples.shape)}, but got {tuple(valid.shape)}'
        )
    samples = samples.float()
    # NaN compares as False; the square of what is larger may overflow
    finite = samples.abs() < LARGEST
    valid = finite if valid is None else finite & valid
    return samples.masked_fill(~finite, 0), valid
