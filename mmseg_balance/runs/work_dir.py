"""Where a run writes to, and the checkpoints that lie there."""

import os
import re
import zipfile
from pathlib import Path

from mmengine.config import Config

from ..errors import UserNotADirectoryError, UserPermissionError

CHECKPOINT = re.compile(r'(?:iter|epoch)_(\d+)\.pth')
ANOTHER_FOLDER = 'name another with --work-dir, or work_dir in the config'


def default_work_dir(config: str) -> str:
    """Folder of a run whose config and command line name none.

    Args:
        config: Config file, or its name as ``find_config`` takes it.

    Returns:
        work_dirs/<name of the config file>.
    """
    name = Path(config).name.rpartition('::')[2]
    # a name may have a number with a point, and nothing behind it
    stem, _, suffix = name.rpartition('.')
    known = stem and suffix in ('py', 'json', 'yml', 'yaml')
    return str(Path('work_dirs') / (stem if known else name))


def set_work_dir(cfg: Config, path: str | None = None) -> None:
    """Decide where a run writes to.

    Args:
        cfg: Config to change; its ``work_dir`` becomes ``path``, else stays,
            else becomes work_dirs/<name of the config file>.
        path: Folder that the command line names.

    Raises:
        NotADirectoryError: The folder is a file.
        PermissionError: It cannot be written to.
    """
    if path is not None:
        cfg.work_dir = path
    elif cfg.get('work_dir') is None:
        cfg.work_dir = default_work_dir(cfg.filename)
    there = os.path.abspath(cfg.work_dir)
    while not os.path.exists(there):
        there = os.path.dirname(there)
    if not os.path.isdir(there):
        what = 'is' if there == os.path.abspath(cfg.work_dir) else 'lies below'
        raise UserNotADirectoryError(
            f'the work folder {cfg.work_dir} {what} a file, expected a '
            f'folder: {ANOTHER_FOLDER}'
        )
    # also where a disk is read-only, which permissions do not tell
    if not os.access(there, os.W_OK | os.X_OK):
        raise UserPermissionError(
            f'the work folder {cfg.work_dir} cannot be written to: {there} '
            'is read-only for this user, or its whole disk is: '
            f'{ANOTHER_FOLDER}'
        )


def is_complete(checkpoint: Path) -> bool:
    """Whether a checkpoint was written to its end.

    Args:
        checkpoint: File that ``torch.save`` wrote, or that is missing.

    Returns:
        False where a run was killed while it wrote the file.
    """
    return checkpoint.is_file() and zipfile.is_zipfile(checkpoint)


def latest_checkpoint(work_dir: str | Path) -> Path | None:
    """Checkpoint to resume from.

    Takes the one that mmengine's ``last_checkpoint`` names, if it is in the
    work folder, also when that was moved or copied since. Where it is gone
    or cut short, the complete one with the highest number. A named file of
    another folder comes last.

    Args:
        work_dir: Folder of a run, which may be missing.

    Returns:
        Path of a complete checkpoint, or None.
    """
    work_dir = Path(work_dir)
    candidates, elsewhere = [], []
    pointer = work_dir / 'last_checkpoint'
    if pointer.is_file():
        named = pointer.read_text().strip()
        if named:
            candidates.append(work_dir / Path(named).name)
            # a copied folder still names the original, whose run is another;
            # but CheckpointHook may have been told to save elsewhere
            elsewhere.append(Path(named))
    candidates += sorted(_numbered(work_dir), key=_number, reverse=True)
    return next((c for c in candidates + elsewhere if is_complete(c)), None)


def set_aside_checkpoints(work_dir: str | Path) -> Path | None:
    """Move the checkpoints of an earlier run where no run overwrites them.

    Args:
        work_dir: Folder that a new run, which does not resume, will use.

    Returns:
        The new folder work_dir/earlier_<n>, or None when there was nothing
        to move.
    """
    work_dir = Path(work_dir)
    files = [*_numbered(work_dir), *work_dir.glob('best_*.pth')]
    if not files:
        return None
    taken = {p.name for p in work_dir.glob('earlier_*')}
    number = next(
        n for n in range(1, len(taken) + 2) if f'earlier_{n}' not in taken
    )
    folder = work_dir / f'earlier_{number}'
    folder.mkdir()
    pointer = work_dir / 'last_checkpoint'
    for file in [*files, *([pointer] if pointer.is_file() else [])]:
        file.rename(folder / file.name)
    return folder


def _numbered(work_dir: Path) -> list[Path]:
    return [p for p in work_dir.glob('*.pth') if CHECKPOINT.fullmatch(p.name)]


def _number(checkpoint: Path) -> int:
    return int(CHECKPOINT.fullmatch(checkpoint.name).group(1))
