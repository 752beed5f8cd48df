"""What one operator costs a GPU: kernels, and the bytes they write."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.utils._pytree import tree_leaves

from .multi_tensor import Limits, count_kernels, is_fast

# memory that nothing is written to
ALLOCATIONS = {
    'aten::empty',
    'aten::empty_like',
    'aten::empty_strided',
    'aten::new_empty',
    'aten::new_empty_strided',
    'aten::resize_',
}
# of the fused optimizers, gradients are declared as written, and are where
# they are unscaled alone
UNWRITTEN = {'grads', 'max_exp_avg_sqs', 'state_steps'}
# custom operators that are more than one kernel
KERNELS = {
    'mmseg_balance::update_mixtures': 2,  # a copy of the counters
}
# the argument that they copy from
COPIES = {'aten::_to_copy': 'self', 'aten::copy_': 'src'}


class Cost(NamedTuple):
    """Of an operator.

    Attributes:
        launches: Kernels, and copies between host and GPU.
        written: Bytes.
        syncs: How often the host waits for the GPU: for copies to it that
            are not ``non_blocking``. (Copies back, and what else waits, the
            meta device refuses.)
    """

    launches: int = 0
    written: int = 0
    syncs: int = 0


def is_view(function: torch._ops.OpOverload) -> bool:
    """Whether an operator gives another look at one of its inputs."""
    schema = function._schema
    if schema.name == 'aten::_unsafe_view':  # not declared as one
        return True
    aliases = [r.alias_info for r in schema.returns if r.alias_info]
    return bool(aliases) and not any(alias.is_write for alias in aliases)


def is_fused_step(function: torch._ops.OpOverload) -> bool:
    """Whether an operator is the step of a fused optimizer."""
    name = function._schema.name
    return name.startswith('aten::_fused_') and name.endswith('_')


def cost_as_counted(
    function: torch._ops.OpOverload, args: tuple, kwargs: Mapping, result: Any
) -> Cost:
    """One for each operator that is no view, and the bytes of its results.

    Whatever it is, and wherever it runs: how steps were counted at first.
    """
    if is_view(function):
        return Cost()
    return Cost(1, size_of(result))


def cost_on_cuda(
    function: torch._ops.OpOverload,
    args: tuple,
    kwargs: Mapping,
    result: Any,
    fits: Limits,
) -> Cost:
    """What CUDA makes of an operator on the meta device.

    One kernel each, whatever the number that PyTorch makes of a convolution,
    a norm's backward pass or a concatenation; but lists of tensors by
    :mod:`.multi_tensor`, custom operators of several by KERNELS, nothing for
    views and for memory that is only taken, and nothing for what runs on the
    host.

    Args:
        function: The operator.
        args, kwargs: What it was called with.
        result: What it returned.
        fits: What fits a launch over lists of tensors.
    """
    tensors = tensors_in((args, kwargs, result))
    name = function._schema.name
    if is_view(function) or name in ALLOCATIONS:
        return Cost()
    if not any(t.is_meta for t in tensors):
        return Cost()
    written = [t for t in outputs(function, args, kwargs, result) if t.is_meta]
    waits = int(is_blocking_copy(function, args, kwargs))
    launches = KERNELS.get(name, 1)
    if name.startswith('aten::_foreach_') or is_fused_step(function):
        launches = count_over_lists(function, args, kwargs, result, fits)
    return Cost(launches, size_of(written), waits)


def is_blocking_copy(
    function: torch._ops.OpOverload, args: tuple, kwargs: Mapping
) -> bool:
    """Whether an operator copies from the host, which waits for it."""
    given = named_arguments(function, args, kwargs)
    source = given.get(COPIES.get(function._schema.name))
    return (
        isinstance(source, Tensor)
        and source.device.type == 'cpu'
        and not given.get('non_blocking')
    )


def count_over_lists(
    function: torch._ops.OpOverload,
    args: tuple,
    kwargs: Mapping,
    result: Any,
    fits: Limits,
) -> int:
    """Kernels of an operator over lists of tensors; see there for Args."""
    given = named_arguments(function, args, kwargs)
    lists = [
        value
        for name, value in given.items()
        if name != 'state_steps' and is_list_of_tensors(value)
    ]
    if is_list_of_tensors(result):
        lists.append(result)
    if not is_fast(lists):
        return len(lists[0])
    sizes = [t.numel() for t in lists[0]]
    has_scalars = function._overloadname == 'ScalarList'
    kernels = count_kernels(sizes, len(lists), fits, has_scalars)
    # sums of the chunks: set to zero, filled, and added up
    return kernels + 2 * (function._schema.name == 'aten::_foreach_norm')


def outputs(
    function: torch._ops.OpOverload, args: tuple, kwargs: Mapping, result: Any
) -> Iterator[Tensor]:
    """Tensors that an operator writes to: new ones, and what it changes."""
    given = named_arguments(function, args, kwargs)
    is_fused = is_fused_step(function)
    for argument in function._schema.arguments:
        alias = argument.alias_info
        if alias is None or not alias.is_write:
            continue
        if not (is_fused and argument.name in UNWRITTEN):
            yield from tensors_in(given.get(argument.name))
    returns = function._schema.returns
    values = (result,) if len(returns) == 1 else result or ()
    for declared, value in zip(returns, values, strict=True):
        if declared.alias_info is None:
            yield from tensors_in(value)


def named_arguments(
    function: torch._ops.OpOverload, args: tuple, kwargs: Mapping
) -> dict[str, Any]:
    """Arguments of a call by name."""
    names = [argument.name for argument in function._schema.arguments]
    return dict(zip(names, args, strict=False), **kwargs)


def tensors_in(values: Any) -> list[Tensor]:
    """All tensors in a structure."""
    return [v for v in tree_leaves(values) if isinstance(v, Tensor)]


def is_list_of_tensors(value: Any) -> bool:
    """Whether a value is a list of tensors, with one in it at least."""
    return (
        isinstance(value, (list, tuple))
        and len(value) > 0
        and all(isinstance(each, Tensor) for each in value)
    )


def size_of(values: Any) -> int:
    """Bytes of all tensors in a structure."""
    return sum(t.numel() * t.element_size() for t in tensors_in(values))
