"""Configs and seeds that a work folder tells of, without running any code."""

import re
from pathlib import Path
from typing import Any

from mmengine.config import Config

from ..records.settings import settings_of

TIMESTAMP = re.compile(r'\d{8}_\d{6}')
SEED_IN_LOG = re.compile(r'^\s+seed: (\d+)$', re.MULTILINE)
HEAD_OF_LOG = 2**16


def read_config_text(path: Path) -> Config | None:
    """A config that mmengine wrote into a work folder.

    Args:
        path: Its file, which may be missing.

    Returns:
        The config; None where it is no text of plain values.
    """
    try:
        return settings_of(dict(cfg=path.read_text()))
    except (OSError, UnicodeDecodeError):
        return None


def config_of_log(log_dir: Path) -> Config | None:
    """The config of the run that wrote a folder of a timestamp.

    Args:
        log_dir: ``<work_dir>/<timestamp>``.

    Returns:
        That of its ``vis_data``, or else the newest beside the folder.
    """
    cfg = read_config_text(log_dir / 'vis_data/config.py')
    if cfg is not None:
        return cfg
    files = sorted(
        log_dir.parent.glob('*.py'), key=lambda path: path.stat().st_mtime
    )
    return read_config_text(files[-1]) if files else None


def config_name(work_dir: Path) -> str:
    """Name of the config that was run in a folder.

    mmengine writes the config beside the logs under its own name.

    Args:
        work_dir: The folder.

    Returns:
        Stem of the newest such file, or name of the folder.
    """
    files = sorted(
        work_dir.glob('*.py'), key=lambda path: path.stat().st_mtime
    )
    return files[-1].stem if files else work_dir.resolve().name


def name_in_meta(meta: dict[str, Any]) -> str | None:
    """Name of the config that a checkpoint was trained with.

    Args:
        meta: Its meta data.

    Returns:
        What mmengine calls the experiment, without the time.
    """
    name = meta.get('experiment_name')
    if not isinstance(name, str):
        return None
    stem = name[: -len('_20000101_000000')]
    return stem if stem and TIMESTAMP.fullmatch(name[-15:]) else name


def seed_of_log(log_dir: Path) -> int | None:
    """The seed that a log names, as that of a config without one.

    Args:
        log_dir: ``<work_dir>/<timestamp>``.
    """
    for log in sorted(log_dir.glob('*.log')):
        with log.open(errors='replace') as file:
            found = SEED_IN_LOG.search(file.read(HEAD_OF_LOG))
        if found:
            return int(found[1])
    return None


def seed_of_settings(cfg: Config | None) -> int | None:
    """The seed of a config; None where it has none."""
    seed = ((cfg or {}).get('randomness') or {}).get('seed')
    return seed if isinstance(seed, int) else None


def length_of(cfg: Config | None) -> int | None:
    """Iterations of a training, or epochs of one that counts those."""
    loop = (cfg or {}).get('train_cfg') or {}
    length = loop.get('max_iters') or loop.get('max_epochs')
    return length if isinstance(length, int) else None


def counts_epochs(cfg: Config | None) -> bool:
    """Whether a training is as long as its epochs."""
    loop = (cfg or {}).get('train_cfg') or {}
    return not loop.get('max_iters') and bool(loop.get('max_epochs'))
