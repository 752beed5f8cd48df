"""Weights of a checkpoint file."""

import zipfile

import torch
from mmengine.runner import CheckpointLoader
from torch import Tensor, nn


def read_checkpoint(path: str) -> tuple[dict[str, Tensor], dict]:
    """Read the weights and the meta data of a checkpoint.

    Args:
        path: File, or an address that mmengine can load.

    Returns:
        State dict on the CPU, and meta data, which may be empty.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: The file is not a checkpoint; names it.
    """
    if '://' in path:
        checkpoint = CheckpointLoader.load_checkpoint(path, map_location='cpu')
    else:
        checkpoint = _load_file(path)
    weights = checkpoint
    if isinstance(checkpoint, dict):
        weights = checkpoint.get('state_dict', checkpoint)
    if not isinstance(weights, dict):
        raise ValueError(
            f'{path} holds a {type(weights).__name__}, expected '
            "a dict with 'state_dict'"
        )
    weights = {k.removeprefix('module.'): v for k, v in weights.items()}
    return weights, checkpoint.get('meta') or {}


def check_fits(
    model: nn.Module, weights: dict[str, Tensor], path: str
) -> None:
    """Refuse a checkpoint of another kind of model.

    mmengine loads whatever matches and only warns about the rest, so that a
    checkpoint without any match would be evaluated with random weights.

    Args:
        model: The model that is to be evaluated.
        weights: State dict of its checkpoint.
        path: File of that, for the error.

    Raises:
        ValueError: No key of the checkpoint is one of the model's; shows
            keys of both.
    """
    wanted = model.state_dict()
    if not wanted.keys() & weights.keys():
        raise ValueError(
            f'{path} does not fit the config: it has weights such as '
            f'{next(iter(weights), None)!r}, the model such as '
            f'{next(iter(wanted), None)!r}'
        )


def _load_file(path: str) -> dict:
    try:
        # mapped, so that reading a key or two costs little
        return torch.load(
            path, map_location='cpu', mmap=zipfile.is_zipfile(path)
        )
    except FileNotFoundError:
        raise
    except Exception as error:  # whatever a broken file leads to
        reason = str(error).splitlines()[0]
        raise ValueError(
            f'{path} is no complete checkpoint that torch can '
            f'load with weights_only: {reason}'
        ) from error
