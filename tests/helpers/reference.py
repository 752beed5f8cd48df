"""Numbers that public code produced, for tests of parity.

``tests/data/reference`` holds the smallest cases, with parts of their larger
outputs; its README says what made them. Where the folder that
``MMSEG_BALANCE_SHARED`` names (by default ``../shared``) holds the whole
files, tests run on these as well.
"""

import json
import os
from pathlib import Path

import numpy as np
import torch
from helpers.paths import ROOT
from torch import Tensor

REFERENCE = ROOT / 'tests/data/reference'
SHARED = Path(os.environ.get('MMSEG_BALANCE_SHARED', ROOT.parent / 'shared'))
WHOLE = 'shared/'
DRAWS = {'normal': torch.randn, 'uniform': torch.rand}


def reference(name: str) -> dict[str, Tensor | np.ndarray]:
    """The arrays of one file, made anew at each call.

    Args:
        name: A file's name without suffix, its folder before it, or one
            that :func:`whole_files` returned.

    Returns:
        Tensors by name; text stays an array of numpy. Inputs that were drawn
        from a seed, and are not stored, are drawn again.
    """
    if name.startswith(WHOLE):
        return _read(SHARED / 'vectors' / f'{name.removeprefix(WHOLE)}.npz')
    recipes = json.loads((REFERENCE / 'draws.json').read_text())
    drawn = {k: _draw(k, **v) for k, v in recipes.get(name, {}).items()}
    return _read(REFERENCE / f'{name}.npz') | drawn


def whole_files(*names: str) -> tuple[str, ...]:
    """Names of the same or of larger cases, where their files are there.

    Args:
        names: Names of files without suffix.

    Returns:
        What :func:`reference` takes for each, or nothing in a clone that has
        the repository alone: parameters of a test beside those that it
        always has.
    """
    if not (SHARED / 'vectors').is_dir():
        return ()
    return tuple(WHOLE + name for name in names)


def cases(arrays: dict[str, Tensor]) -> list[dict[str, Tensor]]:
    """The cases of a file with keys ``c0_logits``, ``c1_logits``, ...

    Args:
        arrays: Of the file; keys without such a beginning are of no case.
    """
    found: dict[int, dict[str, Tensor]] = {}
    for key, value in arrays.items():
        number, _, name = key.removeprefix('c').partition('_')
        if key.startswith('c') and number.isdigit():
            found.setdefault(int(number), {})[name] = value
    return [found[number] for number in sorted(found)]


def corner(found: Tensor, expected: Tensor) -> Tensor:
    """The leading part of ``found`` that ``expected`` holds.

    Args:
        found: A whole output.
        expected: The number as it is kept, the same or smaller along each
            axis.

    Returns:
        A view of ``found`` in the shape of ``expected``.
    """
    assert found.ndim == expected.ndim
    return found[tuple(map(slice, expected.shape))]


def _read(file: Path) -> dict[str, Tensor | np.ndarray]:
    with np.load(file) as data:
        arrays = {key: data[key] for key in data.files}
    return {
        key: value if value.dtype.kind == 'U' else torch.as_tensor(value)
        for key, value in arrays.items()
    }


def _draw(
    name: str,
    distribution: str,
    seed: int,
    skip: int,
    shape: list[int],
    scale: float,
    last: float,
    plus: float = 0.0,
    at: list[list[int]] | None = None,
) -> Tensor:
    """An input as the reference run drew it; ``skip`` numbers go before."""
    generator = torch.Generator().manual_seed(seed)
    torch.rand(skip, generator=generator)
    values = scale * DRAWS[distribution](shape, generator=generator)
    if at:
        values[tuple(slice(*span) for span in at)] += plus
    # processors round each in their way; another generator is far off
    assert abs(float(values.flatten()[-1]) - last) < 1e-4, (
        f'torch {torch.__version__} draws other numbers for {name} than the '
        'reference run did'
    )
    return values
