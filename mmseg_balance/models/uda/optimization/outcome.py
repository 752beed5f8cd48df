"""Whether what an objective gives can be learnt from."""

from typing import Any

from torch import Tensor, nn

from ....errors import UserTypeError, UserValueError


def check_context(owner: str, context: Any) -> None:
    """Refuse what is no context manager.

    Args:
        owner: Class and method that gave it.
        context: What it gave.

    Raises:
        TypeError: Names the method, and what it gave.
    """
    if not hasattr(type(context), '__enter__'):
        raise UserTypeError(
            f'{owner} gave a {type(context).__name__}, expected a context '
            'manager: put @contextlib.contextmanager above it, and yield what '
            'own_losses is to be given, or None'
        )


def check_log(owner: str, log: Any) -> None:
    """Refuse what is no dict of tensors.

    Args:
        owner: Class and method that gave it.
        log: What it gave.

    Raises:
        TypeError: Names the method, and what it gave.
    """
    if not isinstance(log, dict):
        raise UserTypeError(
            f'{owner} gave a {type(log).__name__}, expected a dict of losses '
            'and diagnostics by name, dict(loss_x=...) for one'
        )
    for name, value in log.items():
        if not isinstance(value, Tensor | list | tuple):
            raise UserTypeError(
                f'{owner} gave {name}={value!r}, expected a tensor: '
                'torch.tensor(...) for what is only logged'
            )


def check_total(objective: nn.Module, losses: dict, loss: Any) -> None:
    """Refuse a sum of losses that moves nothing.

    Args:
        objective: What gave the losses.
        losses: Its losses and diagnostics by name.
        loss: The sum of the losses.

    Raises:
        ValueError: No loss among them, or none with a gradient.
    """
    owner = type(objective).__name__
    if not isinstance(loss, Tensor):
        raise UserValueError(
            f'{owner} gave {sorted(losses)}, and nothing to train: names of '
            "losses, also the loss_name of a loss, contain 'loss'"
        )
    if not loss.requires_grad:
        raise UserValueError(
            f'{owner} gave losses {sorted(losses)} without a gradient: '
            'compute them of what the student predicts, and neither detach '
            'it nor keep the student as a module of the objective'
        )
