"""The checkpoint that a config goes on from."""

import sys
from pathlib import Path
from typing import Any

from mmengine.config import Config

from ..checkpoints.weights import read_checkpoint
from ..errors import UserFileNotFoundError
from .work_dir import latest_checkpoint


def set_resume(cfg: Config, resume: str | None) -> None:
    """Point a config at the checkpoint to go on from.

    Args:
        cfg: Config to change: ``resume`` and ``load_from``.
        resume: A checkpoint; 'auto' for the latest in ``work_dir``; None for
            what the config says.

    Raises:
        FileNotFoundError: There is no such checkpoint.
    """
    if resume is None and cfg.get('resume') and not cfg.get('load_from'):
        resume = 'auto'
    if resume is None:
        return
    if resume == 'auto':
        resume = latest_checkpoint(cfg.work_dir)
        if resume is None:
            cfg.resume = False
            print(
                f'--resume: no checkpoint in {cfg.work_dir}, training '
                'starts from the beginning',
                file=sys.stderr,
            )
            return
    elif '://' not in resume and not Path(resume).is_file():
        raise UserFileNotFoundError(f'--resume: no checkpoint {resume}')
    cfg.resume, cfg.load_from = True, str(resume)


def meta_to_resume(cfg: Config) -> dict[str, Any]:
    """What the checkpoint to go on from notes; {} where there is none."""
    if not (cfg.get('resume') and cfg.get('load_from')):
        return {}
    return read_checkpoint(cfg.load_from)[1]


def trained_with(cfg: Config) -> int | None:
    """Seed of the checkpoint to go on from, where there is one."""
    return meta_to_resume(cfg).get('seed')
