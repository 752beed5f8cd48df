"""The runs below a folder."""

import os
import threading
import time
from pathlib import Path
from typing import Any

from ...errors import UserFileNotFoundError, UserNotADirectoryError
from .log_tail import read_tail
from .run import Run
from .session import NAME

# work_dirs/<group>/<name>/<timestamp>
DEPTH = 4
# seconds between two looks, and how many times as long as one takes
RESCAN, PATIENCE = 3.0, 20
EXPECTED = (
    'expected a work folder, which a training fills with '
    '<timestamp>/vis_data/scalars.json, or a folder with several of them'
)


class RunList:
    """Runs below a folder, looked for again whenever they are asked for.

    Args:
        root: A work folder, or a folder with several; one that is not there
            yet may come. <work folder>/<timestamp> stands for its work
            folder.

    Raises:
        FileNotFoundError: The folder is there and has no run.
        NotADirectoryError: It is a file.
    """

    def __init__(self, root: str | Path) -> None:
        self.root = Path(os.path.abspath(root))  # '.' has no name
        if self.root.exists() and not self.root.is_dir():
            raise UserNotADirectoryError(f'{root} is a file, {EXPECTED}')
        if self.root.name == 'vis_data':
            self.root = self.root.parent
        if NAME.fullmatch(self.root.name):
            self.root = self.root.parent
        self._runs: dict[str, Run] = {}
        self._lock = threading.Lock()
        self._next_scan = 0.0
        self._refresh()
        if not self._runs and self.root.is_dir() and any(self.root.iterdir()):
            raise UserFileNotFoundError(
                f'no training in {root}: {EXPECTED}; one that is still to '
                'come may be watched by the name of the folder that it will '
                'make'
            )

    def glance(self) -> list[dict[str, Any]]:
        """A line for each run, the newest first."""
        runs = self._refresh()
        keys = sorted(runs, key=lambda key: -runs[key].last_news)
        return [dict(id=key, **runs[key].glance()) for key in keys]

    def get(self, key: str) -> Run | None:
        """A run by its id; looked up, and never made a path of."""
        return self._refresh().get(key)

    def _refresh(self) -> dict[str, Run]:
        """Runs by id; looks for new ones, unless it has just done so."""
        with self._lock:
            started = time.monotonic()
            if started >= self._next_scan:
                self._scan()
                took = time.monotonic() - started
                self._next_scan = started + max(RESCAN, PATIENCE * took)
            return dict(self._runs)

    def _scan(self) -> None:
        found: dict[str, list[Path]] = {}
        for folder in _sessions(self.root, DEPTH):
            key = folder.parent.relative_to(self.root).as_posix()
            found.setdefault(key, []).append(folder)
        for key, folders in found.items():
            if key not in self._runs:
                name = self.root.resolve().name if key == '.' else key
                self._runs[key] = Run(folders[0].parent, name)
            self._runs[key].set_sessions(folders)
        self._runs = {key: self._runs[key] for key in found}


def _sessions(folder: Path, depth: int) -> list[Path]:
    """Folders <timestamp> of trainings below a folder."""
    try:
        with os.scandir(folder) as entries:
            inner = [
                (entry.name, Path(entry.path))
                for entry in entries
                if entry.is_dir()
            ]
    except OSError:
        return []
    found = []
    for name, path in inner:
        if NAME.fullmatch(name):
            if is_training(path):
                found.append(path)
        elif depth > 1 and name[0] != '.' and name != 'vis_data':
            found += _sessions(path, depth - 1)
    return found


def is_training(folder: Path) -> bool:
    """Whether a start trains, or may yet; a test leaves its scores alone.

    Args:
        folder: <work folder>/<timestamp>.
    """
    if (folder / 'vis_data' / 'scalars.json').is_file():
        return True
    # of a test: <timestamp>/<timestamp>.json
    is_test = (folder / f'{folder.name}.json').is_file()
    if is_test or not (folder / 'vis_data').is_dir():
        return False
    lines = read_tail(folder / f'{folder.name}.log')
    return all(line.mode != 'test' for line in lines)
