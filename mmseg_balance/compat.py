"""Work-arounds for upstream packages, and the only place that knows them.

Each one names the versions that need it. ``tests/test_compat.py`` fails
once one is no longer needed.
"""

import importlib.util
import sys
from importlib.machinery import ModuleSpec
from importlib.metadata import PackageNotFoundError, version
from pickle import UnpicklingError
from types import ModuleType
from typing import NoReturn

import numpy as np
import torch
from packaging.specifiers import SpecifierSet

SUPPORTED = {
    'mmengine': '>=0.10.0,<0.11',
    'mmsegmentation': '>=1.2.0,<1.3',
    'torch': '>=2.6',
}


def check_versions() -> None:
    """Refuse upstream versions that this package was not written for.

    Raises:
        ImportError: A package is missing or outside its range; names the
            package, the version found, the range and the command.
    """
    for name, wanted in SUPPORTED.items():
        try:
            found = version(name)
        except PackageNotFoundError:
            found = None
        if found is None or not SpecifierSet(wanted).contains(
            found, prereleases=True
        ):
            raise ImportError(
                f'mmseg_balance needs {name}{wanted}, found '
                f'{found or "none"}: pip install "{name}{wanted}"'
            )
    if importlib.util.find_spec('mmcv') is None:
        raise ImportError(
            'mmseg_balance needs mmcv or mmcv-lite >=2.0.0rc4,<2.2.0, found '
            'none: pip install "mmcv-lite==2.1.0"'
        )


def _missing_op(name: str):

    def op(*args, **kwargs) -> NoReturn:
        raise RuntimeError(
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
    nothing where the compiled operators are installed.
    """
    if (
        importlib.util.find_spec('mmcv._ext') is None
        and 'mmcv._ext' not in sys.modules
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
            np._core.multiarray._reconstruct,
            np._core.multiarray.scalar,
            # as files that numpy 1 wrote spell them
            (np._core.multiarray.scalar, 'numpy.core.multiarray.scalar'),
            (
                np._core.multiarray._reconstruct,
                'numpy.core.multiarray._reconstruct',
            ),
            *numeric,
        ]
    )


def load_weights_safely() -> None:
    """Let mmengine read and download weights as this package does.

    Upstream: mmengine <= 0.10.7 unpickles what an address sends without
    ``weights_only`` (``init_cfg`` and ``load_from`` of http://,
    open-mmlab://, torchvision:// and mmcls://), and what goes wrong ends in
    a traceback that does not name the file.
    """
    from mmengine.runner import checkpoint

    from . import weight_files

    def load_from_local(filename, map_location=None):
        return weight_files.read_weights(filename, map_location)

    def load_from_http(filename, map_location=None, **kwargs):
        return weight_files.download_weights(filename, map_location, **kwargs)

    # the loaders of the other schemes call the second by its name
    checkpoint.load_from_local = load_from_local
    checkpoint.load_from_http = load_from_http
    register = checkpoint.CheckpointLoader.register_scheme
    register('', load_from_local, force=True)
    register(['http://', 'https://'], load_from_http, force=True)


def apply() -> None:
    """Check versions and apply every work-around. Idempotent."""
    check_versions()
    stub_compiled_ops()
    allow_checkpoint_types()
    load_weights_safely()
