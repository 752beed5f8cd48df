"""A config of one's own that starts from another."""

import os
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from mmengine.config import Config

from ..errors import UserValueError
from .library import NAME, config_folder, find_config
from .reading import load_config


def derive_config(
    config: str, out: Path, overrides: Mapping[str, Any] | None = None
) -> str:
    """Text of a config that takes another for its base.

    Args:
        config: Config file, or the name of one that comes with a package.
        out: File that the text is for; it is not written.
        overrides: What is to be other there, by dotted key.

    Returns:
        The text: ``_base_``, and the overrides as keys to go on with.

    Raises:
        FileNotFoundError: There is no such config.
        ValueError: The overrides cannot be said beside a base: those of
            items of a list, for one.
    """
    wanted = load_config(config, dict(overrides or {}), relocate=False)
    text = f'_base_ = {base_name(config, out.parent)!r}\n'
    if overrides:
        own = Config()
        own.merge_from_dict(dict(overrides))
        text += f'{own.pretty_text}\n'
    else:
        text += (
            '# keys that are other here, for instance:\n'
            '# train_dataloader = dict(batch_size=4)\n'
        )
    if _read(config, out, text) != _without_scopes(wanted.to_dict()):
        raise UserValueError(
            'these --cfg-options cannot be said beside a _base_: write all '
            'keys with --whole'
        )
    return text


def base_name(config: str, folder: Path) -> str:
    """What ``_base_`` calls a config.

    Args:
        config: Config file, or the name of one that comes with a package.
        folder: Folder of the file that ``_base_`` stands in.

    Returns:
        ``package::name``, or the path from that folder.

    Raises:
        FileNotFoundError: There is no such config.
    """
    path = find_config(config).resolve()
    if '::' in config and not config.startswith(f'{NAME}::'):
        return config
    library = config_folder().resolve()
    if path.is_relative_to(library):
        return f'{NAME}::{path.relative_to(library).as_posix()}'
    return Path(os.path.relpath(path, folder.resolve())).as_posix()


def _read(config: str, out: Path, text: str) -> dict[str, Any] | None:
    """What the text of a derived config resolves to, None where it cannot."""
    # beside the file, where paths of bases lead to the same
    out.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=out.parent) as folder:
        trial = Path(folder) / out.name
        base = base_name(config, trial.parent)
        trial.write_text(f'_base_ = {base!r}\n' + text.partition('\n')[2])
        try:
            found = load_config(str(trial), relocate=False)
        except TypeError:  # an item of a list, which a base has whole
            return None
    return _without_scopes(found.to_dict())


def _without_scopes(part: Any) -> Any:
    """A config without the names of packages that mmengine adds to bases."""
    if isinstance(part, dict):
        return {
            key: _without_scopes(value)
            for key, value in part.items()
            if key != '_scope_'
        }
    if isinstance(part, (list, tuple)):
        return type(part)(map(_without_scopes, part))
    return part
