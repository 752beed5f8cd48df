"""Versions and sources that a result was made with."""

import hashlib
import platform
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import mmcv
import mmengine
import mmseg
import numpy
import torch

from ...version import __version__

PACKAGE = Path(__file__).resolve().parents[2]
# of an installed package, see configuration.library
LIBRARY = '.mim'
VERSIONED = (mmseg, mmcv, mmengine, torch, numpy)


def versions() -> dict[str, str]:
    """Versions of Python, of this package and of what it runs on."""
    own = dict(python=platform.python_version(), mmseg_balance=__version__)
    # that of torch is a class of its own
    return own | {m.__name__: str(m.__version__) for m in VERSIONED}


def own_code() -> dict[str, Any]:
    """What results are made with, for :func:`changed_code`."""
    return dict(versions=versions(), sources=sources())


def changed_code(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """What is of other versions or sources.

    Args:
        old: 'versions' and 'sources' that something was made with.
        new: Those of now.

    Returns:
        A line for each with what was and what is; none of what ``old`` lacks.
    """
    lines = [
        f'{name} was {old["versions"][name]}, is {version}'
        for name, version in new['versions'].items()
        if old.get('versions', {}).get(name, version) != version
    ]
    if old.get('sources', new['sources']) != new['sources']:
        lines.append(
            f'the sources of mmseg_balance were {old["sources"]}, are '
            f'{new["sources"]}'
        )
    return lines


def sources() -> str:
    """12 hex digits of the sources of this package.

    Those of a checkout and of what is installed of it are one: configs and
    scripts, which lie in the package then, do not count.
    """
    digest = hashlib.sha256()
    for file in sorted(PACKAGE.rglob('*.py')):
        name = file.relative_to(PACKAGE)
        if name.parts[0] != LIBRARY:
            digest.update(f'\n{name}\n'.encode())
            digest.update(file.read_bytes())
    return digest.hexdigest()[:12]
