"""Parameters that a rule makes from their names, as reference runs did."""

import re
import zlib
from collections.abc import Iterable

import numpy as np
import torch
from helpers.reference import reference
from torch import Tensor


def parameters_by_rule(
    names: Iterable[str], shapes: Iterable[tuple[int, ...] | str]
) -> dict[str, Tensor]:
    """State dict of pseudo-random values, each seeded by its own key.

    The rule is the one under "Parameter rule" in the description of the
    reference numbers: normal numbers of a generator seeded by the CRC of the
    key, scaled by what the tensor is.

    Args:
        names: Keys, as the public code spells them, prefixes included.
        shapes: Their shapes, as tuples or as text like '(8, 3, 7, 7)' or
            '8x3x7x7'.

    Returns:
        float32 tensors; counters (``num_batches_tracked``) are 0.
    """
    pairs = zip(names, shapes, strict=True)
    return {str(name): _parameter(str(name), shape) for name, shape in pairs}


def load_vector(name: str) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """Parameters and other arrays of one file of the reference numbers.

    Args:
        name: A network, as ``reference`` takes it; parameters that its file
            does not hold are made by the rule.

    Returns:
        State dict in the public layout, and the remaining arrays.
    """
    arrays = reference(name)
    stored = {
        key.removeprefix('param::'): arrays.pop(key)
        for key in list(arrays)
        if key.startswith('param::')
    }
    names = arrays.pop('param_names', None)
    shapes = arrays.pop('param_shapes', None)
    return stored or parameters_by_rule(names, shapes), arrays


def _parameter(name: str, shape: tuple[int, ...] | str) -> Tensor:
    if isinstance(shape, str):
        shape = map(int, re.findall(r'\d+', shape))
    shape = tuple(shape)
    if name.endswith('num_batches_tracked'):
        return torch.zeros(shape, dtype=torch.long)
    seed = zlib.crc32(name.encode()) & 0x7FFFFFFF
    values = np.random.RandomState(seed).standard_normal(shape)
    if name.endswith('running_var'):
        values = 1 + 0.1 * np.abs(values)
    elif name.endswith('running_mean'):
        values = 0.1 * values
    elif len(shape) >= 2:
        values = values / np.sqrt(np.prod(shape[1:]))
    elif name.endswith('weight'):
        values = 1 + 0.1 * values
    else:
        values = 0.05 * values
    return torch.as_tensor(np.asarray(values, dtype=np.float32))
