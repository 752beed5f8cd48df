"""What discriminators are shown, and how they learn from it."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import torch
from torch.nn import functional as F

from ....errors import UserValueError
from ..entropy.self_information import self_information

INPUTS = dict(
    softmax=partial(torch.softmax, dim=1), self_information=self_information
)
# with the discriminator's output from which on it says target
LOSSES = dict(
    ls=(F.mse_loss, 0.5), bce=(F.binary_cross_entropy_with_logits, 0.0)
)
DOMAINS = ('source', 'target')  # labels 0 and 1


def check_kinds(owner: str, inputs: Any, loss_type: Any) -> None:
    """Refuse names that are none of the above.

    Args:
        owner: Objective that has them.
        inputs, loss_type: Keys of ``INPUTS`` and ``LOSSES``.

    Raises:
        ValueError: Names the setting.
    """
    for name, value, known in (
        ('inputs', inputs, INPUTS),
        ('loss_type', loss_type, LOSSES),
    ):
        if value not in tuple(known):
            raise UserValueError(
                f'Expected `{name}` of {owner} to be one of '
                f'{tuple(known)}, but got {value!r}'
            )


def discriminator_settings(owner: str, settings: Any) -> Mapping[str, Any]:
    """Config of a discriminator without its ``in_channels``.

    Args:
        owner: Objective that has it.
        settings: A config, or arguments of ``FCDiscriminator``; None for its
            defaults.

    Raises:
        ValueError: No dict, or one with ``in_channels``.
    """
    if settings is not None and (
        not isinstance(settings, dict) or 'in_channels' in settings
    ):
        raise UserValueError(
            f'Expected `discriminator` of {owner} to be a dict without '
            f'in_channels, which is num_classes, but got {settings!r}'
        )
    return {'type': 'FCDiscriminator', **(settings or {})}
