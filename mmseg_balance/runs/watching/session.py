"""One start of a training: its folder <work folder>/<timestamp>."""

import math
import re
from collections import deque
from pathlib import Path
from typing import Any

from .config_facts import ConfigFacts, read_facts
from .curve import Curve
from .log_tail import LogLine, read_tail
from .pictures import Pictures
from .scalar_file import ScalarFile

NAME = re.compile(r'\d{8}_\d{6}')
# positions, and times of a validation, which are none of the training
POSITIONS = {'step', 'iter', 'epoch'}
TIMES = {'time', 'data_time'}
RECENT = 10
LARGEST_STEP = 2**53


class Session:
    """What one start of a training has written, read as it grows.

    Args:
        folder: <work folder>/<timestamp>.

    Attributes:
        curves (dict[str, Curve]): Of each scalar.
        scores (set[str]): Names that stand in lines of their own, as those
            of a validation do.
        first (int | None): First iteration that was logged.
        last (int | None): Last one.
        num_rows (int): Lines that were read, also of a file that was there
            before this one.
    """

    def __init__(self, folder: Path) -> None:
        self.folder, self.name = folder, folder.name
        self.pictures = Pictures(folder / 'vis_data' / 'vis_image')
        self._file = ScalarFile(folder / 'vis_data' / 'scalars.json')
        self._facts: ConfigFacts | None = None
        self._log_state: tuple[int, int] | None = None
        self._lines: list[LogLine] = []
        self.num_rows = 0
        self._forget()

    def _forget(self) -> None:
        self.curves: dict[str, Curve] = {}
        self.scores: set[str] = set()
        self.first: int | None = None
        self.last: int | None = None
        self._seconds: deque[float] = deque(maxlen=RECENT)

    @property
    def facts(self) -> ConfigFacts:
        """What its config says; asked again until it is written."""
        if self._facts is None:
            facts = read_facts(self.folder / 'vis_data' / 'config.py')
            if facts == ConfigFacts():
                return facts
            self._facts = facts
        return self._facts

    @property
    def seconds(self) -> float | None:
        """Of an iteration: the median of the last lines of the log."""
        times = sorted(self._seconds)
        return times[len(times) // 2] if times else None

    @property
    def has_values(self) -> bool:
        """Whether it has logged a value."""
        return self._file.path.is_file()

    @property
    def num_unreadable(self) -> int:
        """Lines that were left out."""
        return self._file.num_unreadable

    def log(self) -> list[LogLine]:
        """Last lines of its text log, which is read when it has changed."""
        try:
            found = self._log.stat()
        except OSError:
            return []
        state = found.st_mtime_ns, found.st_size
        if state != self._log_state:
            self._log_state, self._lines = state, read_tail(self._log)
        return self._lines

    def last_news(self) -> float | None:
        """When it wrote last, in seconds since 1970."""
        times = []
        for path in (self._file.path, self._log):
            try:
                times.append(path.stat().st_mtime)
            except OSError:
                continue
        return max(times, default=None)

    def update(self) -> None:
        """Read what is new."""
        for row in self._file.read():
            if self._file.was_replaced:
                self._forget()
                self._file.was_replaced = False
            self._add(row)

    @property
    def _log(self) -> Path:
        return self.folder / f'{self.name}.log'

    def _add(self, row: dict[str, Any]) -> None:
        step = row.get('step')
        if not _is_number(step) or not 0 <= step < LARGEST_STEP:
            return
        step, is_training = int(step), 'iter' in row or 'loss' in row
        if is_training:
            self.first = step if self.first is None else self.first
            self.last = step
        else:
            # a validation counts in epochs, or says 0, where
            # log_metric_by_epoch is set; it is behind what was trained
            step = max(step, self.last or 0)
        left_out = POSITIONS if is_training else POSITIONS | TIMES
        for name, value in row.items():
            if name in left_out or not _is_number(value):
                continue
            curve = self.curves.get(name)
            if curve is None:
                curve = self.curves[name] = Curve()
            curve.append(step, value)
            if not is_training:
                self.scores.add(name)
        seconds = row.get('time')
        if is_training and _is_number(seconds) and math.isfinite(seconds):
            self._seconds.append(seconds)
        self.num_rows += 1


def _is_number(value: Any) -> bool:
    # of JSON, where a whole number may be larger than any float; no bool
    return type(value) is float or (
        type(value) is int and abs(value) < LARGEST_STEP
    )
