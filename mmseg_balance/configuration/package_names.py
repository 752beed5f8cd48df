"""``mmseg_balance::daformer/...`` wherever mmengine reads a config."""

from functools import wraps
from pathlib import Path
from typing import Any

from mmengine.config import Config
from mmengine.config import utils as config_utils

from .library import NAME, find_config

PREFIX = f'{NAME}::'


def teach_package_names() -> None:
    """Let mmengine find the configs of this package by name. Idempotent.

    Upstream: mmengine <= 0.10.7 has a fixed list of the packages that a
    ``_base_`` and ``mmengine.hub`` may name; ``Config.fromfile`` takes files
    alone; and it looks for a package beside its metadata, where an editable
    install has none.

    Afterwards ``Config.fromfile('mmseg_balance::dacs/...py')``, with it
    ``mmseg.apis.init_model``, and ``_base_ = 'mmseg_balance::dacs/...py'``
    work from a wheel and from a checkout, and ``mmengine.hub.get_config``
    from a wheel. Names of other packages are left to mmengine.
    """
    config_utils.MODULE2PACKAGE.setdefault(NAME, NAME)
    if getattr(Config.fromfile, 'knows_package', None) == NAME:
        return
    Config.fromfile = staticmethod(_with_names(Config.fromfile))
    Config._get_cfg_path = staticmethod(_with_bases(Config._get_cfg_path))


def _with_names(from_file):
    """``Config.fromfile`` that takes names of this package's configs too."""

    @wraps(from_file)
    def read(filename: str | Path, *args: Any, **kwargs: Any) -> Config:
        if str(filename).startswith(PREFIX):
            filename = find_config(filename)
        return from_file(filename, *args, **kwargs)

    read.knows_package = NAME
    return read


def _with_bases(get_path):
    """The look-up of a ``_base_``, which takes them as well."""

    @wraps(get_path)
    def look_up(cfg_path: str, filename: str) -> tuple[str, str | None]:
        if not cfg_path.startswith(PREFIX):
            return get_path(cfg_path, filename)
        # without a scope: what the config names is registered in mmseg's,
        # which its default_scope says, as if the base were a path
        return str(find_config(cfg_path)), None

    return look_up
