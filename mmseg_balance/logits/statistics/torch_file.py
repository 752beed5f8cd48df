"""Files of torch: written whole or not at all, read without trusting them."""

import os
import zipfile
from io import BytesIO
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch

from ...errors import UserFileNotFoundError, UserTypeError, UserValueError

# makes files of statistics
TOOL = 'mmseg-balance logits fit'


def write_torch_file(path: str | Path, content: dict[str, Any]) -> None:
    """Save a dict with ``torch.save``: the old file or the new, and no half.

    Args:
        path: The file; missing parent folders are made.
        content: What ``torch.load`` reads with weights_only.

    Raises:
        TypeError: ``torch.load`` would not read it.
    """
    buffer = BytesIO()
    torch.save(content, buffer)
    buffer.seek(0)
    try:
        torch.load(buffer, weights_only=True)
    except Exception as error:  # whatever the unpickler meets
        raise UserTypeError(
            f'{path} would hold what torch cannot load with weights_only: '
            f'{_reason(error)}'
        ) from error
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f'.{path.name}.{os.getpid()}.tmp')
    try:
        temporary.write_bytes(buffer.getbuffer())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def read_torch_file(path: str | Path) -> dict[str, Any]:
    """Load a dict with ``torch.load``, with one line for what is wrong.

    A training keeps objects of its framework in its checkpoints. Where that
    is not loaded they are left out, so that the tensors can be read by
    PyTorch alone; nothing that the file names is ever called.

    Args:
        path: The file.

    Returns:
        The dict, its tensors on the CPU.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It is not a file of torch, not whole, or no dict.
    """
    path = Path(path)
    if not path.is_file():
        raise UserFileNotFoundError(
            f'no statistics file {path}: make it with {TOOL}'
        )
    try:
        with torch.serialization.safe_globals(_stand_ins(path)):
            # mapped, so that little of a large checkpoint is read
            content = torch.load(
                path,
                map_location='cpu',
                mmap=zipfile.is_zipfile(path),
                weights_only=True,
            )
    except Exception as error:  # whatever a broken file leads to
        raise UserValueError(
            f'{path} is no complete file that torch can load with '
            f'weights_only: {_reason(error)}'
        ) from error
    if not isinstance(content, dict):
        kind = type(content)
        name = 'pickled object' if kind is _LeftOut else kind.__name__
        raise UserValueError(
            f'{path} holds a {name}, expected the dict of '
            f'{TOOL} or of a checkpoint'
        )
    return content


class _LeftOut:
    """Stands for an object of a framework that is not loaded."""

    def __new__(cls, *args: Any) -> '_LeftOut':
        return super().__new__(cls)

    def __setstate__(self, state: Any) -> None:
        """Keep nothing of it."""

    def __setitem__(self, key: Any, value: Any) -> None:
        """Keep nothing of it."""


def _stand_ins(path: Path) -> list[Any]:
    """:class:`_LeftOut` for each name that torch does not know as safe."""
    try:
        names = torch.serialization.get_unsafe_globals_in_checkpoint(path)
    except (EOFError, RuntimeError, UnpicklingError, ValueError):
        return []  # broken, or of long ago: torch.load says so
    return [(_LeftOut, name) for name in names]


def _reason(error: Exception) -> str:
    """First sentence; torch goes on with advice that is not safe."""
    return str(error).partition('\n')[0].partition('. ')[0]
