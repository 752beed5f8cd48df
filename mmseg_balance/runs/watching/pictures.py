"""The latest pictures of a run."""

import itertools
import os
import re
from dataclasses import dataclass
from pathlib import Path

# '<name>_<iteration>.png', as LocalVisBackend writes them
NAME = re.compile(r'(?P<name>.+)_(?P<step>\d+)\.(?:png|jpe?g)', re.IGNORECASE)
ENDS = {'.png': b'IEND\xaeB`\x82', '.jpg': b'\xff\xd9', '.jpeg': b'\xff\xd9'}
# of each name, how far to look for one that is written to its end
TRIES = 3


@dataclass(frozen=True)
class Picture:
    """A picture of a run.

    Attributes:
        name: Without iteration and suffix.
        step: Iteration.
        path: The file.
        changed: When it was written, in nanoseconds since 1970.
    """

    name: str
    step: int
    path: Path
    changed: int


class Pictures:
    """Files of one folder; it is read again when it has changed.

    Args:
        folder: ``vis_data/vis_image``, which may be missing.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._read_at: int | None = None
        self._by_name: dict[str, list[Picture]] = {}
        # none is opened twice: a validation may have drawn thousands
        self._whole: set[Picture] = set()

    def latest(self) -> list[Picture]:
        """The latest whole picture of each name, the newest first."""
        self._read()
        found = []
        for pictures in self._by_name.values():
            newest = sorted(pictures, key=lambda p: p.step)[-TRIES:]
            whole = (p for p in reversed(newest) if self._is_whole(p))
            found += itertools.islice(whole, 1)
        return sorted(found, key=lambda p: (-p.step, p.name))

    def file(self, name: str) -> Path | None:
        """A file of the folder, if it is a picture of it.

        Args:
            name: Its name; nothing is joined to a path, the files that there
                are are asked for theirs.
        """
        self._read()
        pictures = (p for ps in self._by_name.values() for p in ps)
        return next((p.path for p in pictures if p.path.name == name), None)

    def _read(self) -> None:
        try:
            changed = os.stat(self.folder).st_mtime_ns
        except OSError:
            self._read_at, self._by_name = None, {}
            return
        if changed == self._read_at:
            return
        by_name: dict[str, list[Picture]] = {}
        with os.scandir(self.folder) as entries:
            for entry in entries:
                match = NAME.fullmatch(entry.name)
                if match and entry.is_file(follow_symlinks=False):
                    written = entry.stat(follow_symlinks=False).st_mtime_ns
                    picture = Picture(
                        match['name'],
                        int(match['step']),
                        self.folder / entry.name,
                        written,
                    )
                    by_name.setdefault(picture.name, []).append(picture)
        self._read_at, self._by_name = changed, by_name

    def _is_whole(self, picture: Picture) -> bool:
        if picture not in self._whole:
            if not _is_whole(picture.path):
                return False
            self._whole.add(picture)
        return True


def _is_whole(path: Path) -> bool:
    """Whether a picture was written to its end."""
    end = ENDS[path.suffix.lower()]
    try:
        with path.open('rb') as file:
            size = file.seek(0, 2)
            file.seek(max(size - 32, 0))
            return end in file.read()
    except OSError:
        return False
