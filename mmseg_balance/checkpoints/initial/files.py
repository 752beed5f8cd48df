"""Files of initial weights that a config names, read before the start."""

import os
from collections.abc import Iterator
from typing import Any

from mmengine.config import Config
from mmengine.model import BaseModule, PretrainedInit
from mmengine.runner import CheckpointLoader
from mmseg.models.backbones import MixVisionTransformer
from torch import nn

from ...errors import UserConnectionError, UserValueError, with_message
from ...files.config_walk import keyed_dicts, type_name
from ...files.weights import read_weights
from ...models.wrapped_segmentor import unwrapped
from ...state_dicts import shown
from .timm_weights import check_timm_weights

PRETRAINED = ('Pretrained', 'PretrainedInit')
# mmengine's other addresses are of clusters that only their users reach
READ = ('http', 'https', 'open-mmlab', 'openmmlab', 'torchvision', 'mmcls')
RANK_VARIABLES = ('RANK', 'SLURM_PROCID', 'OMPI_COMM_WORLD_RANK')


def check_initial_files(cfg: Config) -> None:
    """Read every file of initial weights that a config names.

    Downloads what is not here yet, as mmengine would after the data sets
    are built. The first process does it, before the others are there.

    Args:
        cfg: Config of a training run.

    Raises:
        ConnectionError, FileNotFoundError, ValueError: A file cannot be
            fetched or read; names the key and the way to give another.
    """
    ranks = [os.environ[k] for k in RANK_VARIABLES if k in os.environ]
    if ranks and int(ranks[0]) != 0:
        return
    if cfg.get('load_from') and not cfg.get('resume'):
        read_initial_file('load_from', cfg.load_from)
    for key, path in named_files(cfg.model):
        read_initial_file(key, path)
    for key, part in keyed_dicts(cfg.model, 'model'):
        check_timm_weights(key, part)


def named_files(model: Any) -> Iterator[tuple[str, str]]:
    """Files of initial weights in the config of a model.

    Args:
        model: ``cfg.model``.

    Yields:
        Key, as 'model.backbone.init_cfg.checkpoint', and path or address.
    """
    for key, part in keyed_dicts(model, 'model'):
        is_init = type_name(part) in PRETRAINED or (
            part.get('type') is PretrainedInit
        )
        if is_init and isinstance(part.get('checkpoint'), str):
            yield f'{key}.checkpoint', part['checkpoint']
        if isinstance(part.get('pretrained'), str):
            yield f'{key}.pretrained', part['pretrained']


def read_initial_file(key: str, path: str) -> Any:
    """Read one of them, its key in front of what is wrong.

    Args:
        key: Key of the config.
        path: Path or address.

    Returns:
        What the file holds; None for an address that is not looked at.

    Raises:
        ConnectionError, FileNotFoundError, ValueError: Names the key.
    """
    scheme = path.partition('://')[0] if '://' in path else None
    if scheme is not None and scheme not in READ:
        return None
    mend = f'give a file of your own: --cfg-options {key}=/path/to/file.pth'
    try:
        if scheme is None:  # looked at alone, and large
            return read_weights(path, mmap=True)
        return CheckpointLoader.load_checkpoint(path, 'cpu', logger='silent')
    except KeyError as error:
        raise UserValueError(
            f'{key}: {scheme}:// has no weights {error}: {mend}'
        ) from error
    except (FileNotFoundError, ValueError) as error:
        raise with_message(error, f'{key}: {error}; {mend}') from error
    except OSError as error:
        raise UserConnectionError(f'{key}: {error}; {mend}') from error


def check_initial_fit(model: nn.Module) -> list[str]:
    """Refuse a file of which a module would take nothing.

    mmengine loads whatever matches and only warns about the rest. Modules
    that read their file in a way of their own are left to that.

    Args:
        model: The model, as built, wrapped or not.

    Returns:
        A sentence for each module that takes a part of its weights.

    Raises:
        ValueError: A file has no weight of its module; names both.
    """
    model = unwrapped(model)
    plain = (BaseModule.init_weights, MixVisionTransformer.init_weights)
    lines = []
    for name, module in model.named_modules():
        cfg = getattr(module, 'init_cfg', None)
        cfgs = cfg if isinstance(cfg, (list, tuple)) else [cfg]
        if getattr(type(module), 'init_weights', None) not in plain:
            continue
        for part in cfgs:
            if type_name(part) in PRETRAINED:
                lines += _fit(name, module, part)
    return lines


def _fit(name: str, module: nn.Module, cfg: dict) -> list[str]:
    path = cfg['checkpoint']
    content = read_initial_file(f'{name}.init_cfg.checkpoint', path)
    if content is None:
        return []
    weights = content.get('state_dict', content)
    prefix = (cfg.get('prefix') or '').rstrip('.')
    prefix = f'{prefix}.' if prefix else ''
    weights = {
        key.removeprefix('module.').removeprefix(prefix): value
        for key, value in weights.items()
        if key.removeprefix('module.').startswith(prefix)
    }
    wanted = {
        key: value
        for key, value in module.state_dict().items()
        if not key.endswith('num_batches_tracked')
    }
    missing = [
        key
        for key, value in wanted.items()
        if key not in weights
        or getattr(weights[key], 'shape', None) != value.shape
    ]
    where = f'{path}, of init_cfg of {name} ({type(module).__name__}),'
    if wanted and len(missing) == len(wanted):
        first = next(iter(content.get('state_dict', content)), None)
        raise UserValueError(
            f'{where} has no weight of it: it has keys such as {first!r}, '
            f'the module {next(iter(wanted))!r}. Give the file of this '
            "network, and init_cfg.prefix='backbone.' where it is of a whole "
            'segmentor'
        )
    if not missing:
        return []
    return [
        f'{where} has {len(wanted) - len(missing)} of its {len(wanted)} '
        f'weights; without {shown(map(repr, missing))}'
    ]
