"""A copy of what a training changes, and the state that copies share."""

import copy
import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FunctionType
from typing import Any

import numpy as np
import torch
from mmengine.hooks import Hook
from mmengine.optim import OptimWrapperDict
from mmengine.runner import Runner
from torch import nn

from ...errors import UserTypeError
from ...models.wrapped_segmentor import unwrapped


@dataclass
class RunCopy:
    """Model, optimizers and hooks of a run, none of them the run's own.

    Attributes:
        model: The model, without the wrapper for several ranks.
        optim_wrapper: Its optimizers, on the parameters of the copy.
        hooks: Those of the run that have ``in_dry_run``, in their order.
        runner: What these hooks are given: the runner with model and
            optimizers of the copy.
    """

    model: nn.Module
    optim_wrapper: Any
    hooks: list[Hook]
    runner: Runner


def copy_run(runner: Runner) -> RunCopy:
    """Copy what an iteration changes.

    Args:
        runner: Runner that is about to train.

    Returns:
        The copy.

    Raises:
        TypeError, RuntimeError: The model cannot be copied.
    """
    model = unwrapped(runner.model)
    hooks = [h for h in runner.hooks if getattr(h, 'in_dry_run', False)]
    # in one go: optimizers and hooks then hold parts of the copied model
    model, optim_wrapper, hooks = copy.deepcopy(
        (model, runner.optim_wrapper, hooks)
    )
    for name, module in model.named_modules():
        _unwrap_forward(name, module)
    _unwrap_steps(optim_wrapper)
    stand_in = copy.copy(runner)
    stand_in.model, stand_in.optim_wrapper = model, optim_wrapper
    return RunCopy(model, optim_wrapper, hooks, stand_in)


def _unwrap_steps(optim_wrapper: Any) -> None:
    """Forget a ``step`` that still calls that of the original.

    mmengine's schedulers put such a function on a wrapper, to count calls;
    the copy would not move, and the run's loss scaler be asked in its place.

    Raises:
        TypeError: It is a function of another kind.
    """
    several = isinstance(optim_wrapper, OptimWrapperDict)
    for wrapper in optim_wrapper.values() if several else [optim_wrapper]:
        step = vars(wrapper).get('step')
        if step is None:
            continue
        if not hasattr(step, '_with_counter'):
            raise UserTypeError('step of the optimizer was replaced')
        del wrapper.step


def _unwrap_forward(name: str, module: nn.Module) -> None:
    """Forget a ``forward`` that still calls that of the original.

    mmengine's activation checkpointing puts such a function on a module,
    around its own method.

    Raises:
        TypeError: It is a function of another kind.
    """
    forward = vars(module).get('forward')
    if not isinstance(forward, FunctionType):
        return
    if not hasattr(forward, '__wrapped__'):
        raise UserTypeError(f'{name}.forward was replaced by a function')
    del module.forward


@contextmanager
def unchanged_state(runner: Runner) -> Iterator[None]:
    """Put back what all copies share: generators, and what is logged.

    Args:
        runner: The runner.
    """
    python, array = random.getstate(), np.random.get_state()
    hub = runner.message_hub
    scalars = copy.deepcopy(hub._log_scalars)
    info, resumed = dict(hub._runtime_info), dict(hub._resumed_keys)
    on_gpu = torch.cuda.is_available()
    devices = [torch.cuda.current_device()] if on_gpu else []
    try:
        with torch.random.fork_rng(devices):
            yield
    finally:
        random.setstate(python)
        np.random.set_state(array)
        hub._log_scalars, hub._runtime_info = scalars, info
        hub._resumed_keys = resumed
        if on_gpu:
            torch.cuda.empty_cache()
            torch.cuda.reset_peak_memory_stats()
