"""JSON lines that a training appends to a file, each read once."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

CHUNK = 1 << 22  # bytes


class ScalarFile:
    """Reads what was appended to a ``scalars.json`` since the last time.

    A last line without its end is kept until the rest is written. Lines that
    are no JSON object, as a kill leaves them, are left out and counted.

    Args:
        path: The file, which may be missing yet.

    Attributes:
        num_unreadable (int): Lines that were left out.
        was_replaced (bool): Whether :meth:`read` found another, shorter file
            and began anew; who forgets what was read before sets it back.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.num_unreadable = 0
        self.was_replaced = False
        self._offset = 0
        self._rest = b''

    def read(self) -> Iterator[dict[str, Any]]:
        """Rows that are new."""
        try:
            file = self.path.open('rb')
        except FileNotFoundError:
            return
        with file:
            if file.seek(0, 2) < self._offset:
                self._offset, self._rest = 0, b''
                self.num_unreadable, self.was_replaced = 0, True
            file.seek(self._offset)
            while chunk := file.read(CHUNK):
                self._offset += len(chunk)
                *lines, self._rest = (self._rest + chunk).split(b'\n')
                yield from self._rows(lines)

    def _rows(self, lines: list[bytes]) -> Iterator[dict[str, Any]]:
        for line in lines:
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except ValueError:
                row = None
            if isinstance(row, dict):
                yield row
            else:
                self.num_unreadable += 1
