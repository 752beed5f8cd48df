"""Optimizers whose step is a few kernels on a GPU, and their checkpoints.

``fused=True`` of PyTorch's Adam and AdamW reads and writes parameter,
gradient and state once, by the same formula in float32. Parameters of every
setting move together, so that MiT-B5, with 982 of them, is a few dozen
launches in place of the hundreds that PyTorch's default on a GPU has
(``foreach``: one pass for each operation of the formula).
"""

from collections.abc import Iterable, Mapping
from typing import Any

import torch
from mmengine.registry import OPTIMIZERS
from torch import nn
from torch.optim import Adam, AdamW, Optimizer

from ...models.uda.optimization.sequential_backward import parameters_of

# Not SGD. Where a loss scaler skips the first step, its fused kernel leaves
# momentum that nobody has written, and the next step takes it for real; and
# it fails where a parameter has its first gradient later than others.
FUSED = (Adam, AdamW)
# on a CPU numbers stay those of earlier versions, bit for bit
DEVICES = ('cuda',)
# keys by which a config says itself how the step is done
CHOICES = ('fused', 'foreach', 'capturable', 'differentiable')
# changes the methods of the optimizer, and casts its parameters
WITHOUT = ('ApexOptimWrapper',)


def is_fused_by_default(
    wrapper: Mapping[str, Any],
    optimizer: Mapping[str, Any],
    parameters: Iterable[nn.Parameter],
) -> bool:
    """Whether an optimizer is to be fused where the config does not say.

    Loss scalers, gradient clipping and accumulation go with it.

    Args:
        wrapper: ``optim_wrapper`` of the config.
        optimizer: ``optimizer`` in it.
        parameters: What it moves.

    Returns:
        True for PyTorch's own Adam and AdamW, if all parameters are of real
        floating point numbers on a GPU and none of CHOICES is there.
    """
    kind = optimizer.get('type')
    if isinstance(kind, str):
        with OPTIMIZERS.switch_scope_and_registry(None) as registry:
            kind = registry.get(kind)
    if kind not in FUSED or any(key in optimizer for key in CHOICES):
        return False
    if isinstance(optimizer.get('lr'), torch.Tensor):
        return False
    name = wrapper.get('type', 'OptimWrapper')
    if getattr(name, '__name__', name) in WITHOUT:
        return False
    parameters = list(parameters)
    return bool(parameters) and all(
        p.device.type in DEVICES and p.is_floating_point() for p in parameters
    )


def keep_own_step(optimizer: Optimizer) -> None:
    """Let checkpoints go between fused optimizers and others.

    What PyTorch loads are the groups of the run that saved them, with the
    way it did its step: a run that goes on elsewhere would change to it. And
    averages in the memory format of the parameters there, which fused
    kernels refuse if it is not that of the parameters here.

    Args:
        optimizer: Changed in place: hereafter it keeps its own way.
    """
    optimizer.register_load_state_dict_pre_hook(_with_own_choices)
    optimizer.register_load_state_dict_post_hook(match_formats)


@torch.no_grad()
def match_formats(optimizer: Optimizer) -> None:
    """Give the state of an optimizer the memory format of the parameters.

    Args:
        optimizer: Changed in place; values are the same.
    """
    for parameter in parameters_of(optimizer):
        state = optimizer.state.get(parameter, {})
        for name, value in state.items():
            if (
                isinstance(value, torch.Tensor)
                and value.shape == parameter.shape
                and value.stride() != parameter.stride()
            ):
                copy = torch.empty_like(parameter, dtype=value.dtype)
                state[name] = copy.copy_(value)


def _with_own_choices(
    optimizer: Optimizer, state_dict: dict[str, Any]
) -> dict[str, Any]:
    """The state of another run, with this optimizer's way of doing steps."""
    groups, state = state_dict['param_groups'], state_dict['state']
    own = {
        key: optimizer.defaults[key]
        for key in CHOICES
        if key in optimizer.defaults
    }
    if not own.get('fused') and not own.get('capturable'):
        state = {k: _counted_on_host(v) for k, v in state.items()}
    return dict(
        state_dict,
        state=state,
        param_groups=[{**group, **own} for group in groups],
    )


def _counted_on_host(state: Any) -> Any:
    """The state of a parameter, whose steps are counted on the CPU.

    From a GPU, where fused optimizers count, the others would fetch each.
    Some optimizers have entries of no parameter, which stay.
    """
    steps = state.get('step') if isinstance(state, dict) else None
    if not isinstance(steps, torch.Tensor):
        return state
    return {**state, 'step': steps.cpu()}
