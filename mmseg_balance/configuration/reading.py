"""Reading a config file, with one line for what is wrong with its text."""

from pathlib import Path

from mmengine.config import Config

from .library import find_config


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
        ValueError: The file, or one of its bases, is no Python.
    """
    if Path(path).is_dir():
        raise FileNotFoundError(
            f'{path} is a folder: give a config file in it'
        )
    path = find_config(path)
    try:
        return Config.fromfile(path)
    except FileNotFoundError as error:
        # of a base, or of what a base reads while it runs
        raise FileNotFoundError(
            f'{path} needs the file {error.filename or error}, which does '
            'not exist: correct _base_, whose paths start at the folder of '
            'the file that they stand in'
        ) from error
    except SyntaxError as error:
        # mmengine parses the text: the name of a base is lost there
        raise ValueError(
            f'{path}, or a file that its _base_ names, is no Python: '
            f'{error.msg} in line {error.lineno}'
        ) from error
