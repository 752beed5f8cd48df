"""Files of weights: read without running code, errors as one line."""

import os
import re
import zipfile
from pathlib import Path
from pickle import UnpicklingError
from typing import Any
from urllib.error import HTTPError, URLError

import torch
from mmengine.dist import barrier, is_main_process
from torch.hub import get_dir, load_state_dict_from_url

from ..errors import UserConnectionError, UserFileNotFoundError, UserValueError

SAFETENSORS = '.safetensors'
SEVERAL_LINES = re.compile(r'WeightsUnpickler error: (.+)')
REFUSED = re.compile(r'nsupported (?:global: )?GLOBAL (\S+)')


def read_weights(
    path: str | os.PathLike, map_location: Any = 'cpu', mmap: bool = False
) -> Any:
    """Read a local file with ``weights_only``.

    Args:
        path: File that ``torch.save`` wrote, or one of safetensors; ``~`` is
            the home folder.
        map_location: Of ``torch.load``.
        mmap: Map the file where its format allows, so that reading a key or
            two costs little.

    Returns:
        What the file holds.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It is cut short, no such file at all, or holds an object
            that could run code, which is named.
    """
    file = Path(path).expanduser()
    if not file.exists():
        raise UserFileNotFoundError(f'no file {path}')
    if file.suffix == SAFETENSORS:
        return _read_safetensors(file, map_location)
    try:
        return torch.load(
            file,
            map_location=map_location,
            weights_only=True,
            mmap=mmap and zipfile.is_zipfile(file),
        )
    except Exception as error:  # noqa: BLE001  (whatever a broken file does)
        if not _is_pickled(file):  # its first letters may pass for a command
            raise UserValueError(
                f'{path} is no complete checkpoint: it begins as no file of '
                'torch.save does'
            ) from error
        raise UserValueError(_problem(str(path), error)) from error


def _read_safetensors(file: Path, map_location: Any) -> dict[str, Any]:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        return load_file(file, str(map_location))
    except (SafetensorError, OSError) as error:
        raise UserValueError(
            f'{file} is no complete file of safetensors: {error}'
        ) from error


def download_weights(
    address: str,
    map_location: Any = 'cpu',
    model_dir: str | None = None,
    progress: bool = False,
) -> Any:
    """Download a file once, and read it with ``weights_only``.

    The first process downloads, the others find the file.

    Args:
        address: http:// or https://.
        map_location: Of ``torch.load``.
        model_dir: Folder to keep it in. Default: that of ``torch.hub``.
        progress: Whether to show a bar.

    Returns:
        What the file holds.

    Raises:
        ConnectionError: It cannot be fetched; names the file that would be
            taken instead.
        ValueError: What was sent is no file of weights.
    """

    def fetch() -> Any:
        try:
            return load_state_dict_from_url(
                address,
                model_dir=model_dir,
                map_location=map_location,
                progress=progress,
                weights_only=True,
            )
        except (URLError, OSError) as error:
            raise UserConnectionError(
                f'{address} cannot be downloaded ({_reason(error)}): without '
                'a network, download it elsewhere and give the path of the '
                f'file instead, or put it into {kept_at(address, model_dir)}'
            ) from error
        except Exception as error:  # noqa: BLE001  (whatever was sent)
            where = kept_at(address, model_dir)
            raise UserValueError(
                f'{_problem(address, error)}; it is kept in {where}: delete '
                'that to download it anew'
            ) from error

    if not is_main_process():
        barrier()
        return fetch()
    try:
        return fetch()
    finally:
        barrier()


def kept_at(address: str, model_dir: str | None = None) -> Path:
    """Where a download is kept, and looked for first.

    Args:
        address: Of the file.
        model_dir: Folder. Default: that of ``torch.hub``.
    """
    folder = Path(model_dir or Path(get_dir()) / 'checkpoints')
    return folder / Path(address.partition('?')[0]).name


def _is_pickled(file: Path) -> bool:
    """Whether a file begins as a zip or a binary pickle."""
    with file.open('rb') as opened:
        return opened.read(2) in (b'PK', b'\x80\x02', b'\x80\x04')


def _reason(error: BaseException) -> str:
    if isinstance(error, HTTPError):
        return f'status {error.code}'
    reason = getattr(error, 'reason', None) or error
    return str(getattr(reason, 'strerror', None) or reason)


def _problem(name: str, error: BaseException) -> str:
    """What is wrong with a file, in one line."""
    text = str(error)
    refused = REFUSED.search(text)
    if isinstance(error, UnpicklingError) and refused:
        return (
            f'{name} holds a {refused[1]}, which weights_only does not load '
            'as it could run code: where the file comes from, save its '
            "'state_dict' alone, as torch.save(dict(state_dict=...), ...)"
        )
    # what torch says first is advice to load without weights_only
    found = SEVERAL_LINES.search(text)
    reason = found[1] if found else text.split('\n')[0].partition('. ')[0]
    return (
        f'{name} is no complete checkpoint that torch can load with '
        f'weights_only: {reason or type(error).__name__}'
    )
