"""Reading a config, with one line for what is wrong with its text."""

import sys
from collections.abc import Sequence
from pathlib import Path

from mmengine.config import Config

from ..errors import (
    UserFileNotFoundError,
    UserImportError,
    UserTypeError,
    UserValueError,
)
from .data_roots import relocate_data, set_common_root
from .library import find_config
from .typos import new_keys, refuse_keys_of_lists
from .vis_backends import follow_vis_backends
from .visualizer import draw_classes, draw_segments

# what mmengine reads
SUFFIXES = ('.py', '.yml', '.yaml', '.json')


def read_config(path: str | Path) -> Config:
    """Read a config file and the files that its ``_base_`` names.

    Args:
        path: Config file, or the name of one that comes with a package;
            see ``find_config``.

    Returns:
        The config.

    Raises:
        FileNotFoundError: There is no such config, or none of one of its
            bases; names both.
        ValueError: The file, one of its bases, or a module that it imports
            is no Python; or it is of another kind.
        ImportError, TypeError: There is no such module; names it. Or what
            should name modules does not.
    """
    if not str(path):
        raise UserFileNotFoundError(
            'the name of the config is empty, as of a variable of the shell '
            'that is not set'
        )
    if Path(path).is_dir():
        raise UserFileNotFoundError(
            f'{path} is a folder: give a config file in it'
        )
    path = find_config(path)
    if path.suffix not in SUFFIXES:
        raise UserValueError(
            f'{path} is no config, whose names end with {", ".join(SUFFIXES)}'
        )
    try:
        return Config.fromfile(path)
    except FileNotFoundError as error:
        # of a base, or of what a base reads while it runs
        raise UserFileNotFoundError(
            f'{path} needs the file {error.filename or error}, which does '
            'not exist: correct _base_, whose paths start at the folder of '
            'the file that they stand in'
        ) from error
    except ImportError as error:
        raise UserImportError(_what_is_not_imported(path, error)) from error
    except TypeError as error:
        if 'import_modules_from_strings' not in str(error):
            raise
        raise UserTypeError(
            f'custom_imports of {path} is not dict(imports=[...]), with the '
            'names of modules'
        ) from error
    except SyntaxError as error:
        if Path(error.filename or '').is_file():  # a module of custom_imports
            raise UserValueError(
                f'{error.filename}, which {path} imports, is no Python: '
                f'{error.msg} in line {error.lineno}'
            ) from error
        # mmengine parses the text: the name of a base is lost there
        raise UserValueError(
            f'{path}, or a file that its _base_ names, is no Python: '
            f'{error.msg} in line {error.lineno}'
        ) from error


def _what_is_not_imported(path: Path, error: ImportError) -> str:
    """Of the errors that lead to mmengine's, the one that began it."""
    first: BaseException = error
    while (before := first.__cause__ or first.__context__) is not None:
        first = before
    line = f'{path} imports what cannot be imported: {first}'
    is_lost = isinstance(first, ModuleNotFoundError)
    if is_lost and f"'{first.name}" in str(error):
        line += (
            '. custom_imports.imports names modules, without .py; one of '
            'yours lies in a folder of PYTHONPATH, or in the current one for '
            'python -m mmseg_balance'
        )
    return line


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
        ValueError: The file is no Python, an override names no item of a
            list, or a data root fits no data set; see ``relocate_data``.
    """
    cfg = read_config(path)
    for line in new_keys(cfg, options or {}):
        print(f'warning: --cfg-options: {line}', file=sys.stderr)
    set_common_root(cfg, options or {})
    refuse_keys_of_lists(cfg, options or {})
    cfg.merge_from_dict(options or {})
    follow_vis_backends(cfg, options or {})
    draw_segments(cfg)
    draw_classes(cfg)
    if relocate:
        relocate_data(cfg, data_roots)
    return cfg
