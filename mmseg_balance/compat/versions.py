"""Which versions of the upstream packages there are, and which fit."""

import importlib
import importlib.util
import warnings
from collections import defaultdict
from importlib.metadata import PackageNotFoundError, distribution

from packaging.requirements import Requirement
from packaging.version import Version

from ..errors import UserImportError

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
        found = version_of(module)
        ranges = [Requirement(package).specifier for package in packages]
        if found is None or not any(
            r.contains(found, prereleases=True) for r in ranges
        ):
            raise UserImportError(
                f'mmseg_balance needs {" or ".join(packages)}, found '
                f'{f"{module} {found}" if found else "none"}: '
                f'{_install_command(packages, found)}'
            )


def version_of(module: str) -> str | None:
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
    raise UserImportError(
        f'{module} is installed and cannot be imported: {problem}; versions '
        'that fit each other are those of mmseg_balance[lite] and of '
        'mmseg_balance[onedl]'
    ) from problem


def _install_command(packages: tuple[str, ...], found: str | None) -> str:
    fork = is_installed('onedl-mmengine') or is_installed(FORK)
    if found is None and len(packages) > 1:
        # all that is missing, not this one alone
        package = f'mmseg_balance[{"onedl" if fork else "lite"}]'
    else:
        package = packages[-1 if fork else 0]
    return f'pip install "{package}"'


def is_installed(package: str) -> bool:
    """Whether a package of this name is installed.

    Args:
        package: As pip names it.
    """
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
            if is_installed(name):
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
        Version(version_of('mmengine')) < WITHOUT_PKG_RESOURCES
        and importlib.util.find_spec('pkg_resources') is None
    ):
        warnings.warn(
            'mmengine needs pkg_resources, which setuptools has no more: '
            'pip install "setuptools<81"',
            stacklevel=2,
        )
