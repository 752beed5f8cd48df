"""Reading checkpoint files of MMSegmentation 0.x, and writing ours."""

import re
from io import BytesIO
from pathlib import Path
from pickle import UnpicklingError

import torch
from numpy._core import multiarray
from torch import Tensor

from ...errors import (
    UserFileExistsError,
    UserFileNotFoundError,
    UserIsADirectoryError,
    UserValueError,
)
from ...files.writing import write_atomically
from ...state_dicts import shown
from ..weights import read_checkpoint
from .keys import PARTS

# how files that numpy 1 wrote spell its functions
NUMPY_1 = [
    (multiarray.scalar, 'numpy.core.multiarray.scalar'),
    (multiarray._reconstruct, 'numpy.core.multiarray._reconstruct'),
]
# what meta data of MMSegmentation 1.x and of this package have
NEW_META = ('mmengine_version', 'dataset_meta', 'exported_part')


def read_public(path: str | Path) -> tuple[dict[str, Tensor], dict]:
    """Read weights and meta data of a file of mmcv 1.x, by weights_only.

    Args:
        path: The file.

    Returns:
        State dict on the CPU, and meta data, which may be empty.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It is broken, holds an object that could run code, which
            is named, or entries that are no tensors.
    """
    path = Path(path)
    if not path.is_file():
        raise UserFileNotFoundError(f'no checkpoint file {path}')
    if not path.stat().st_size:
        raise UserValueError(
            f'{path} is an empty file, no complete checkpoint'
        )
    try:
        with torch.serialization.safe_globals(NUMPY_1):
            weights, meta = read_checkpoint(str(path))
    except ValueError as error:
        refused = _refused_object(error.__cause__)
        if refused is None:
            raise
        raise UserValueError(
            f'{path} holds a {refused}, which weights_only does not load as '
            'it could run code: where the file comes from, save its '
            "'state_dict' alone, as torch.save(dict(state_dict=...), ...)"
        ) from error
    others = [repr(k) for k, v in weights.items() if not torch.is_tensor(v)]
    if others:
        raise UserValueError(
            f'{path} holds no state dict: no tensor under {shown(others)}'
        )
    if not weights:
        raise UserValueError(f'{path} holds an empty state dict')
    return weights, meta if isinstance(meta, dict) else {}


def refuse_new(weights: dict[str, Tensor], meta: dict) -> None:
    """Refuse a checkpoint that needs no conversion.

    Args:
        weights: Its state dict.
        meta: Its meta data.

    Raises:
        ValueError: It is of MMSegmentation 1.x or of this package.
    """
    own = next((k for k in weights if k.split('.')[0] in PARTS), None)
    new = next((k for k in NEW_META if k in meta), None)
    if own or new:
        why = f'it has weights such as {own!r}' if own else f'it has {new!r}'
        raise UserValueError(
            f'is of this package or of MMSegmentation 1.x ({why}) and needs '
            'no conversion: load it with the config that it was trained with'
        )


def check_target(source: str | Path, out: str | Path, force: bool) -> None:
    """Refuse a file that must not be replaced.

    Args:
        source: The original, which is never written to.
        out: File to write.
        force: Whether another file may be replaced.

    Raises:
        FileExistsError: It exists.
        IsADirectoryError: It is a folder.
    """
    source, out = Path(source), Path(out)
    if out.is_dir():
        raise UserIsADirectoryError(f'{out} is a folder: name a file')
    if out.exists() and source.exists() and out.samefile(source):
        raise UserFileExistsError(
            f'{out} is the original, which is kept: name another file'
        )
    if out.exists() and not force:
        raise UserFileExistsError(
            f'{out} exists: name another file, or --force to replace it'
        )


def save_checkpoint(
    weights: dict[str, Tensor], meta: dict, out: str | Path
) -> None:
    """Write a checkpoint, whole or not at all.

    Args:
        weights: State dict.
        meta: Meta data.
        out: File to write.
    """
    buffer = BytesIO()
    torch.save(dict(meta=meta, state_dict=weights), buffer)
    write_atomically(out, buffer.getbuffer())


def _refused_object(error: BaseException | None) -> str | None:
    """Name of what weights_only did not load."""
    if not isinstance(error, UnpicklingError):
        return None
    name = re.search(r'nsupported (?:global: )?GLOBAL (\S+)', str(error))
    return name and name[1]
