"""Several processes, on accelerators and without any."""

import datetime

from mmengine.config import Config
from mmengine.device import get_device
from mmengine.dist import is_distributed
from mmengine.registry import MODEL_WRAPPERS
from torch import distributed
from torch.nn.parallel import DistributedDataParallel

from ..errors import UserValueError


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
        raise UserValueError(
            f'--launcher {launcher} needs an accelerator; on '
            'CPUs take --gpus N, or --launcher pytorch'
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
