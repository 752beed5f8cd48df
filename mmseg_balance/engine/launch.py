"""What tools/train.py and tools/test.py share: config, ranks, work folder."""

import datetime
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from mmengine.config import Config
from mmengine.device import get_device
from mmengine.dist import is_distributed
from mmengine.registry import MODEL_WRAPPERS
from torch import distributed
from torch.nn.parallel import DistributedDataParallel

from ..configuration.data_roots import relocate_data, set_common_root
from ..configuration.reading import read_config
from ..configuration.vis_backends import follow_vis_backends
from .config_checks import named_optimizers, type_name
from .config_typos import new_keys

ANOTHER_FOLDER = 'name another with --work-dir, or work_dir in the config'


def load_config(
    path: str,
    options: dict | None = None,
    data_roots: Sequence[str] | None = None,
    relocate: bool = True,
) -> Config:
    """Read a config file and apply overrides.

    An override of a key that is new, and much like one that is there, is
    named on stderr. Data sets below ``data/`` are looked for in the folder
    that the variable MMSEG_BALANCE_DATA names, where it is set.

    Args:
        path: Config file.
        options: Overrides by dotted key, as ``--cfg-options`` gives them.
        data_roots: Folders of data sets, as ``--data-root`` gives them.
        relocate: Whether data sets are looked for there and where the
            variable says; not where the config is written for others.

    Returns:
        The config.

    Raises:
        FileNotFoundError: There is no such file, or none of a base; see
            ``read_config``.
        ValueError: The file is no Python, or a data root fits no data set;
            see ``relocate_data``.
    """
    cfg = read_config(path)
    for line in new_keys(cfg, options or {}):
        print(f'warning: --cfg-options: {line}', file=sys.stderr)
    set_common_root(cfg, options or {})
    cfg.merge_from_dict(options or {})
    follow_vis_backends(cfg, options or {})
    if relocate:
        relocate_data(cfg, data_roots)
    return cfg


def default_work_dir(config: str) -> str:
    """Folder of a run whose config and command line name none.

    Args:
        config: Config file.

    Returns:
        work_dirs/<name of the config file>.
    """
    return str(Path('work_dirs') / Path(config).stem)


def set_work_dir(cfg: Config, path: str | None = None) -> None:
    """Decide where a run writes to.

    Args:
        cfg: Config to change; its ``work_dir`` becomes ``path``, else stays,
            else becomes work_dirs/<name of the config file>.
        path: Folder that the command line names.

    Raises:
        NotADirectoryError: The folder is a file.
        PermissionError: It cannot be written to.
    """
    if path is not None:
        cfg.work_dir = path
    elif cfg.get('work_dir') is None:
        cfg.work_dir = default_work_dir(cfg.filename)
    there = os.path.abspath(cfg.work_dir)
    while not os.path.exists(there):
        there = os.path.dirname(there)
    if not os.path.isdir(there):
        what = 'is' if there == os.path.abspath(cfg.work_dir) else 'lies below'
        raise NotADirectoryError(
            f'the work folder {cfg.work_dir} {what} a file, expected a '
            f'folder: {ANOTHER_FOLDER}'
        )
    # also where a disk is read-only, which permissions do not tell
    if not os.access(there, os.W_OK | os.X_OK):
        raise PermissionError(
            f'the work folder {cfg.work_dir} cannot be written to: {there} '
            'is read-only for this user, or its whole disk is: '
            f'{ANOTHER_FOLDER}'
        )


def start_ranks(cfg: Config, launcher: str) -> None:
    """Make several processes work on machines without an accelerator too.

    mmengine binds each process to a GPU when it starts the process group,
    and hands the GPU's number to DistributedDataParallel. Without an
    accelerator the group is started here with gloo, which mmengine then
    keeps, and no device number is handed on.

    Args:
        cfg: Config to change: ``launcher``, and on CPUs
            ``model_wrapper_cfg``.
        launcher: 'none', 'pytorch', 'slurm' or 'mpi'.

    Raises:
        ValueError: ``launcher`` is 'slurm' or 'mpi' and there is no
            accelerator.
    """
    cfg.launcher = launcher
    if launcher == 'none' or get_device() != 'cpu':
        return
    if launcher != 'pytorch':
        raise ValueError(
            f'--launcher {launcher} needs an accelerator; on '
            'CPUs take --launcher pytorch (tools/dist_train.sh, '
            'tools/dist_test.sh)'
        )
    if not is_distributed():
        limit = cfg.get('env_cfg', {}).get('dist_cfg', {}).get('timeout')
        distributed.init_process_group(
            'gloo', timeout=limit and datetime.timedelta(seconds=limit)
        )

    wrapper = cfg.get('model_wrapper_cfg')
    if wrapper is None:
        cfg.model_wrapper_cfg = dict(
            type='MMDistributedDataParallel',
            device_ids=None,
            broadcast_buffers=False,
            find_unused_parameters=cfg.get('find_unused_parameters', False),
        )
        return
    kind = MODEL_WRAPPERS.get(wrapper.get('type', 'MMDistributedDataParallel'))
    if kind is not None and issubclass(kind, DistributedDataParallel):
        wrapper.setdefault('device_ids', None)


def enable_amp(cfg: Config) -> None:
    """Train in mixed precision: what ``--amp`` of tools/train.py does.

    float16 with a dynamic loss scale on an accelerator, bfloat16 on the CPU.

    Args:
        cfg: Config to change: the type of ``optim_wrapper``, or of each in
            it where there are several.

    Raises:
        ValueError: ``optim_wrapper`` is of a type that mixed precision
            cannot be added to.
    """
    several = named_optimizers(cfg)
    if not several:
        _enable_amp(cfg.optim_wrapper, 'optim_wrapper')
    for name, optim_wrapper in several.items():
        _enable_amp(optim_wrapper, f'optim_wrapper.{name}')


def _enable_amp(optim_wrapper: dict, key: str) -> None:
    kind = optim_wrapper.get('type', 'OptimWrapper')
    on_cpu = get_device() == 'cpu'
    wanted = 'AutocastOptimWrapper' if on_cpu else 'AmpOptimWrapper'
    if kind == wanted:
        return
    if kind not in ('OptimWrapper', 'AmpOptimWrapper', 'AutocastOptimWrapper'):
        raise ValueError(
            f'--amp found {key}.type={kind!r}, expected '
            "'OptimWrapper': drop --amp, or set mixed precision in the config"
        )
    optim_wrapper.type = wanted
    if on_cpu:
        for setting in ('loss_scale', 'dtype', 'use_fsdp'):
            optim_wrapper.pop(setting, None)
    else:
        optim_wrapper.loss_scale = 'dynamic'


def add_hook(cfg: Config, kind: str) -> None:
    """Add a hook, unless the config has one of its type.

    Args:
        cfg: Config to change: ``custom_hooks``.
        kind: Type of the hook, with its default settings.
    """
    hooks = list(cfg.get('custom_hooks') or ())
    if not any(type_name(hook) == kind for hook in hooks):
        cfg.custom_hooks = [*hooks, dict(type=kind)]
