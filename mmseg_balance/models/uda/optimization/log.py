"""Losses and diagnostics on their way to the log."""

import math

import torch
from mmengine.logging import MessageHub
from torch import Tensor

from ....errors import UserFloatingPointError, UserValueError


def joined(logs: dict[str, Tensor], found: dict[str, Tensor]) -> dict:
    """Two logs as one.

    Args:
        logs: Scalars by name.
        found: Others.

    Raises:
        ValueError: A name stands for two of them.
    """
    twice = sorted(logs.keys() & found.keys())
    if twice:
        raise UserValueError(
            f'Losses or diagnostics {twice} are given twice in an iteration: '
            'choose other names in forward, or in own_losses for each record '
            'that around yields'
        )
    return logs | found


def to_host(logs: dict[str, Tensor], losses: list[str]) -> dict[str, float]:
    """Fetch all scalars at once, and refuse broken losses.

    The one place in an iteration where the host waits for the device.

    Args:
        logs: Scalars by name.
        losses: Names of the objectives' totals, to be added up as ``loss``.

    Raises:
        FloatingPointError: A loss is NaN or infinite; names the iteration
            and the losses.
    """
    values = torch.stack([v.float() for v in logs.values()]).tolist()
    logs = dict(zip(logs, values, strict=True))
    broken = [
        f'{k} = {v}'
        for k, v in logs.items()
        if 'loss' in k and not math.isfinite(v)
    ]
    if broken:
        iteration = MessageHub.get_current_instance().get_info('iter', 0) + 1
        raise UserFloatingPointError(
            f'Iteration {iteration}: {", ".join(broken)}. Training stops. A '
            'lower learning rate, optim_wrapper.clip_grad or --amp left away '
            'may help; the last checkpoint is as it was.'
        )
    return dict(loss=sum(logs.pop(k) for k in losses), **logs)
