"""Where the data sets of a config lie: one option, or one variable, for all.

Configs name folders below ``data/``. ``--data-root gta=/x cityscapes=/y``
puts other folders in their place, and the environment variable
MMSEG_BALANCE_DATA puts another folder in the place of ``data/`` itself;
the option has the last word. Only what a user's config or ``--cfg-options``
left below ``data/`` is moved by the variable.
"""

import os
import posixpath
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from mmengine.config import Config

from ..errors import UserValueError
from ..files.config_walk import dicts_in

VARIABLE = 'MMSEG_BALANCE_DATA'
LEADING = 'data'


def relocate_data(
    cfg: Config,
    roots: Sequence[str] | None = None,
    base: str | None = None,
) -> None:
    """Let a config look for its data sets elsewhere.

    A name stands for the folder ``data/<name>`` and what is below it, or for
    a ``data_root`` whose last folder has that name; upper and lower case are
    the same.

    Args:
        cfg: Config to change: every ``data_root``, ``stats_dir``,
            ``translated_root``, ``ann_file`` and folder of ``data_prefix``.
        roots: ``NAME=FOLDER`` each, as ``--data-root`` takes them.
        base: Folder in the place of ``data/`` where no name fits; by default
            that of the variable MMSEG_BALANCE_DATA, where it is set.

    Raises:
        ValueError: An entry is not ``NAME=FOLDER``, comes twice, or names no
            data set of the config, or several; names those that there are.
    """
    folders = _parse(roots or ())
    base = os.environ.get(VARIABLE) if base is None else base
    places = _places(cfg._cfg_dict)
    known: dict[str, set[str]] = {}
    for parent, key in places:
        for name, folder in _names(parent[key], key == 'data_root').items():
            known.setdefault(name, set()).add(folder)
    _check_names(folders, known, cfg.filename)
    for parent, key in places:
        parent[key] = _moved(parent[key], folders, base, key == 'data_root')


def set_common_root(cfg: Config, options: Mapping[str, Any]) -> None:
    """Give a meaning to ``--cfg-options data_root=FOLDER``.

    MMSegmentation's configs have such a variable, whose value has gone into
    the data sets when the option is read. Where all data sets lie in one
    folder, or in that of the variable, they follow it.

    Args:
        cfg: Config before the overrides, changed in place.
        options: Overrides by dotted key.

    Raises:
        ValueError: The data sets have folders of their own; names them and
            the option that sets them.
    """
    if 'data_root' not in options:
        return
    places = [
        (parent, key)
        for parent, key in _places(cfg._cfg_dict)
        if key == 'data_root'
    ]
    values = {str(parent[key]) for parent, key in places}
    common = {str(cfg.get('data_root'))} & values or values
    if len(common) != 1:
        shown = ', '.join(sorted(values)) or 'none'
        raise UserValueError(
            f'--cfg-options data_root={options["data_root"]}: the data sets '
            f'of {cfg.filename} do not share a data_root (found {shown}); '
            f'set each with --data-root {_example(values)}, or the variable '
            f'{VARIABLE} in place of their data/'
        )
    for parent, key in places:
        if str(parent[key]) in common:
            parent[key] = options['data_root']


def _example(values: Iterable[str]) -> str:
    names = dict.fromkeys(
        next(iter(_names(value, True)), value) for value in sorted(values)
    )
    return ' '.join(f'{name}=FOLDER' for name in names) or 'NAME=FOLDER'


def _parse(roots: Sequence[str]) -> dict[str, str]:
    folders: dict[str, str] = {}
    for entry in roots:
        name, sign, folder = entry.partition('=')
        if not (name and sign and folder):
            raise UserValueError(
                f'--data-root {entry}: expected NAME=FOLDER, such as '
                'gta=/mnt/gta'
            )
        if name.lower() in folders:
            raise UserValueError(f'--data-root has {name} twice')
        folders[name.lower()] = os.path.expanduser(folder)
    return folders


def _places(config: Any) -> list[tuple[dict, str]]:
    """Every entry of a config that names a folder of data, as dict and key."""
    found = []
    for part in dicts_in(config):
        keys = ['data_root', 'stats_dir', 'translated_root']
        prefixes = {}
        # with a data_root, these are relative to it
        if not part.get('data_root'):
            keys.append('ann_file')
            prefixes = part.get('data_prefix') or {}
        found += [
            (parent, key)
            for parent, names in ((part, keys), (prefixes, list(prefixes)))
            for key in names
            if isinstance(parent.get(key), str) and parent[key]
        ]
    # two loaders may share one dict
    return list({(id(p), key): (p, key) for p, key in found}.values())


def _below_data(value: str) -> list[str] | None:
    """The folders below ``data/``; None for a path elsewhere."""
    first, *rest = posixpath.normpath(value.replace(os.sep, '/')).split('/')
    return rest if first == LEADING else None


def _names(value: str, is_root: bool) -> dict[str, str]:
    """Names of a path, the one to show first, and the folder of each."""
    if '://' in value:
        return {}
    names = {}
    below = _below_data(value)
    if below:
        names[below[0].lower()] = posixpath.join(LEADING, below[0])
    if is_root:
        path = posixpath.normpath(value)
        names.setdefault(posixpath.basename(path).lower(), path)
    return names


def _check_names(
    folders: Mapping[str, str],
    known: Mapping[str, set[str]],
    filename: str | None,
) -> None:
    """Refuse names of no data set, or of several folders."""
    for name, folder in folders.items():
        option = f'--data-root {name}={folder}'
        if name not in known:
            close = get_close_matches(name, sorted(known), 1)
            hint = f' (did you mean {close[0]}?)' if close else ''
            raise UserValueError(
                f'{option}: {filename} has no data set of that name{hint}; '
                f'it has {", ".join(sorted(known)) or "none"}'
            )
        if len(known[name]) > 1:
            raise UserValueError(
                f'{option}: the name stands for {len(known[name])} folders of '
                f'{filename} ({", ".join(sorted(known[name]))}): take the '
                'names of the folders above them, or --cfg-options with the '
                'data_root of each'
            )


def _moved(
    value: str, folders: Mapping[str, str], base: str | None, is_root: bool
) -> str:
    # the nearer name wins: data/camvid/day is day=, then camvid=
    for name, folder in reversed(_names(value, is_root).items()):
        if name in folders:
            rest = posixpath.relpath(posixpath.normpath(value), folder)
            return os.path.normpath(os.path.join(folders[name], rest))
    below = _below_data(value)
    if base and below is not None:
        return os.path.join(os.path.expanduser(base), *below)
    return value
