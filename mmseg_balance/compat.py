"""Work-arounds for upstream packages, and the only place that knows them.

Each one names the versions that need it. ``tests/test_compat.py`` fails
once one is no longer needed.
"""

import importlib
import importlib.util
import sys
import warnings
from collections import defaultdict
from importlib.machinery import ModuleSpec
from importlib.metadata import PackageNotFoundError, distribution
from pickle import UnpicklingError
from types import ModuleType
from typing import NoReturn

import numpy as np
import torch
from packaging.requirements import Requirement
from packaging.version import Version
from torch import nn

# Of each module the packages that bring it: OpenMMLab's own first, that of
# the maintained forks last, which import under the same names.
SUPPORTED = {
    'mmengine': ('mmengine>=0.10.0,<0.11', 'onedl-mmengine>=0.10.8,<0.11'),
    'mmcv': (
        'mmcv-lite>=2.0.0rc4,<2.2.0',
        'mmcv>=2.0.0rc4,<2.2.0',
        'onedl-mmcv>=2.3.0,<2.4',
    ),
    'mmseg': (
        'mmsegmentation>=1.2.0,<1.3',
        'onedl-mmsegmentation>=1.4.0,<1.5',
    ),
    'torch': ('torch>=2.6',),
}
FORK = 'onedl-mmsegmentation'
# the first mmseg that imports without the compiled operators of mmcv
WITHOUT_OPS = Version('1.4.0')
# the first mmengine that does without pkg_resources
WITHOUT_PKG_RESOURCES = Version('0.10.8')


def check_versions() -> None:
    """Refuse upstream versions that this package was not written for.

    The versions are those that the modules tell of themselves, whichever
    package brought them.

    Raises:
        ImportError: A module is missing, cannot be imported or is outside
            its ranges; names it, the version found, the packages that bring
            it and the command.
    """
    for module, packages in SUPPORTED.items():
        found = _version(module)
        ranges = [Requirement(package).specifier for package in packages]
        if found is None or not any(
            r.contains(found, prereleases=True) for r in ranges
        ):
            raise ImportError(
                f'mmseg_balance needs {" or ".join(packages)}, found '
                f'{f"{module} {found}" if found else "none"}: '
                f'{_install_command(packages, found)}'
            )


def _version(module: str) -> str | None:
    """Version that a module tells of itself; None where there is none."""
    try:
        found = importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name == module:
            return None
        problem: Exception = error
    # asserts of mmseg, names that a newer numpy or torch has no more
    except (ImportError, AssertionError, AttributeError) as error:
        problem = error
    else:
        # a folder of that name that is no package has none
        version = getattr(found, '__version__', None)
        # torch's is a class of its own
        return None if version is None else str(version)
    raise ImportError(
        f'{module} is installed and cannot be imported: {problem}; versions '
        'that fit each other are those of mmseg_balance[lite] and of '
        'mmseg_balance[onedl]'
    ) from problem


def _install_command(packages: tuple[str, ...], found: str | None) -> str:
    fork = _is_installed('onedl-mmengine') or _is_installed(FORK)
    if found is None and len(packages) > 1:
        # all that is missing, not this one alone
        package = f'mmseg_balance[{"onedl" if fork else "lite"}]'
    else:
        package = packages[-1 if fork else 0]
    return f'pip install "{package}"'


def _is_installed(package: str) -> bool:
    try:
        distribution(package)
    except PackageNotFoundError:
        return False
    return True


def warn_of_overwritten() -> None:
    """Warn of two packages that brought one module into one folder.

    pip installs the second over the first, as whoever installs a package
    that asks for ``mmengine`` beside ``onedl-mmengine`` finds out late: some
    files are then of the one and some of the other.
    """
    for module, packages in SUPPORTED.items():
        brought = defaultdict(list)
        for package in packages:
            name = Requirement(package).name
            if _is_installed(name):
                folder = distribution(name).locate_file(module)
                brought[str(folder)].append(name)
        for folder, names in brought.items():
            if len(names) > 1:
                warnings.warn(
                    f'{" and ".join(names)} are installed over each other '
                    f'in {folder}, whose files may be of either: '
                    f'pip uninstall {" ".join(names)}, then pip install the '
                    'one that is meant',
                    stacklevel=2,
                )


def warn_of_missing_pkg_resources() -> None:
    """Warn of a setuptools that is too new for mmengine.

    Upstream: mmengine <= 0.10.7 finds the configs of packages (``mmseg::``)
    by ``pkg_resources``, which setuptools >= 81 does not have.
    """
    if (
        Version(_version('mmengine')) < WITHOUT_PKG_RESOURCES
        and importlib.util.find_spec('pkg_resources') is None
    ):
        warnings.warn(
            'mmengine needs pkg_resources, which setuptools has no more: '
            'pip install "setuptools<81"',
            stacklevel=2,
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
    nothing where the compiled operators are installed, and for
    onedl-mmsegmentation, which says itself what cannot be built.
    """
    if (
        'mmcv._ext' not in sys.modules
        and importlib.util.find_spec('mmcv._ext') is None
        and Version(_version('mmseg')) < WITHOUT_OPS
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

    from .files import weights as weight_files

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

    if _is_installed(FORK):
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


def apply() -> None:
    """Check versions and apply every work-around. Idempotent."""
    check_versions()
    warn_of_overwritten()
    warn_of_missing_pkg_resources()
    stub_compiled_ops()
    allow_checkpoint_types()
    load_weights_safely()
    find_configs_of_fork()
    format_configs_once()
