"""Work-arounds for what is broken in upstream packages.

Each one names the versions that need it. ``tests/test_compat.py`` fails once
one is no longer needed.
"""

import importlib.util
import sys
from importlib.machinery import ModuleSpec
from pickle import UnpicklingError
from types import ModuleType
from typing import NoReturn

import numpy as np
import torch
from packaging.version import Version
from torch import nn

from ..errors import UserRuntimeError
from .versions import FORK, is_installed, version_of

# the first mmseg that imports without the compiled operators of mmcv
WITHOUT_OPS = Version('1.4.0')


def _missing_op(name: str):

    def op(*args, **kwargs) -> NoReturn:
        raise UserRuntimeError(
            f'mmcv.ops.{name} needs the compiled operators of mmcv, and '
            'mmcv-lite is installed: pip uninstall mmcv-lite, then '
            'pip install "mmcv==2.1.0"'
        )

    op.__name__ = name
    return op


class _MissingOps(ModuleType):
    """Stands for ``mmcv._ext``; every operator raises when CALLED."""

    def __getattr__(self, name: str):
        if name.startswith('__'):
            raise AttributeError(name)
        return _missing_op(name)


def stub_compiled_ops() -> None:
    """Let ``mmseg.models`` import under mmcv-lite.

    Upstream: mmsegmentation <= 1.2.2 imports ``mmcv.ops`` unguarded in
    ``mmseg.utils``, ``san_head``, ``focal_loss`` and ``point_sample``. Does
    nothing where the compiled operators are installed, and for
    onedl-mmsegmentation, which says itself what cannot be built.
    """
    if (
        'mmcv._ext' not in sys.modules
        and importlib.util.find_spec('mmcv._ext') is None
        and Version(version_of('mmseg')) < WITHOUT_OPS
    ):
        stub = _MissingOps('mmcv._ext')
        stub.__spec__ = ModuleSpec('mmcv._ext', loader=None)
        sys.modules['mmcv._ext'] = stub


def allow_checkpoint_types() -> None:
    """Let checkpoints of mmengine load with ``weights_only`` on.

    Upstream: mmengine <= 0.10.7 keeps ``HistoryBuffer``, numpy arrays and,
    with a OneCycle schedule, a function of it in its checkpoints, which
    torch >= 2.6 refuses unless they are allowed.
    """
    from mmengine.logging.history_buffer import HistoryBuffer
    from mmengine.optim.scheduler.param_scheduler import OneCycleParamScheduler
    from numpy._core import multiarray  # numpy 1.26 has it too

    methods = {
        HistoryBuffer: ('min', 'max', 'mean', 'current'),
        OneCycleParamScheduler: ('_annealing_cos', '_annealing_linear'),
    }

    def method_of(owner: type, name: str):
        # they are pickled with their methods, as getattr calls
        if name in methods.get(owner, ()):
            return getattr(owner, name)
        raise UnpicklingError(f'getattr of {owner} and {name!r} refused')

    numeric = [
        np.dtypes.Float64DType,
        np.dtypes.Float32DType,
        np.dtypes.Int64DType,
        np.dtypes.Int32DType,
        np.dtypes.UInt32DType,
        np.dtypes.BoolDType,
    ]
    torch.serialization.add_safe_globals(
        [
            *methods,
            (method_of, 'builtins.getattr'),
            np.ndarray,
            np.dtype,
            # as files that numpy 1 and numpy 2 wrote spell them
            *(
                (getattr(multiarray, name), f'numpy.{core}.multiarray.{name}')
                for name in ('scalar', '_reconstruct')
                for core in ('core', '_core')
            ),
            *numeric,
        ]
    )


def load_weights_safely() -> None:
    """Let mmengine read and download weights as this package does.

    Upstream: mmengine <= 0.10.7 unpickles what an address sends without
    ``weights_only`` (``init_cfg`` and ``load_from`` of http://,
    open-mmlab://, torchvision:// and mmcls://), and what goes wrong ends in
    a traceback that does not name the file. onedl-mmengine <= 0.10.12 reads
    whatever is refused once more without ``weights_only``.
    """
    from mmengine.runner import checkpoint

    from ..files import weights as weight_files

    def load_from_local(filename, map_location=None):
        return weight_files.read_weights(filename, map_location)

    def load_from_http(filename, map_location=None, **kwargs):
        return weight_files.download_weights(filename, map_location, **kwargs)

    def load_refused(file, map_location=None, weights_only=None):
        return torch.load(file, map_location=map_location, weights_only=True)

    # the loaders of the other schemes call these by their names
    checkpoint.load_from_local = load_from_local
    checkpoint.load_from_http = load_from_http
    if hasattr(checkpoint, '_safe_torch_load'):
        checkpoint._safe_torch_load = load_refused
    register = checkpoint.CheckpointLoader.register_scheme
    register('', load_from_local, force=True)
    register(['http://', 'https://'], load_from_http, force=True)


def find_configs_of_fork() -> None:
    """Let ``mmseg::`` in configs name the files of the fork.

    Upstream: onedl-mmengine <= 0.10.12 looks for them in a package named
    mmsegmentation, and ``mmengine.hub.get_config`` installs that over
    onedl-mmsegmentation.
    """
    from mmengine.config.utils import MODULE2PACKAGE

    if is_installed(FORK):
        MODULE2PACKAGE['mmseg'] = FORK


def format_configs_once() -> None:
    """Let mmengine lay out the text of a config once a process.

    Upstream: mmengine <= 0.10.7 runs yapf on it, 0.2 to 0.4 s, four times
    before the first iteration, and for each checkpoint again.
    """
    from mmengine.config import config

    # onedl-mmengine imports it where it needs it
    format_code = getattr(config, 'FormatCode', None)
    if format_code is None or format_code.__module__ == __name__:
        return
    formatted = {}

    def format_once(text: str, **options):
        key = text, repr(options)
        if key not in formatted:
            formatted[key] = format_code(text, **options)
        return formatted[key]

    config.FormatCode = format_once


def swaps_channels(preprocessor: nn.Module) -> bool:
    """Whether a data preprocessor changes BGR to RGB or back.

    Upstream: the ``SegDataPreProcessor`` of mmsegmentation keeps it as
    ``channel_conversion``; that of onedl-mmsegmentation, and the
    ``ImgDataPreprocessor`` of mmengine, as ``_channel_conversion``.
    """
    names = ('channel_conversion', '_channel_conversion')
    return any(getattr(preprocessor, name, False) for name in names)
