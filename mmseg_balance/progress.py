"""Progress of long passes: a bar on a terminal, lines in the file of a job.

It goes to stderr, so that scripts can read what a command prints.
"""

import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TextIO, TypeVar

from tqdm import tqdm

Part = TypeVar('Part')

# seconds between two lines; in a long pass a share of what has passed
LINE_SECONDS, LINE_SHARE = 10.0, 0.05
# of torchrun, Slurm and Open MPI
RANKS = ('RANK', 'SLURM_PROCID', 'OMPI_COMM_WORLD_RANK')


def progress_bar(
    name: str,
    total: int,
    unit: str = '',
    initial: int = 0,
    smoothing: float = 0.0,
    disable: bool = False,
) -> tqdm:
    """Show how far a phase of a pass is, and how long the rest will take.

    Args:
        name: What is done.
        total: How many parts it has.
        unit: Of these parts, in the plural.
        initial: Parts that were done before.
        smoothing: What the latest parts count for in the estimate, 0 to 1;
            0 takes all alike.
        disable: Show nothing. Other ranks than the first never do.

    Returns:
        Something to ``update(n)``, and to leave as a context.
    """
    settings: dict[str, Any] = dict(
        desc=name,
        total=total,
        initial=initial,
        smoothing=smoothing,
        disable=disable or not _is_first_rank(),
    )
    if sys.stderr.isatty():
        return tqdm(unit=f' {unit}' if unit else 'it', **settings)
    return _Lines(
        unit=unit,
        file=_LineStream(sys.stderr),
        mininterval=LINE_SECONDS,
        miniters=1,
        **settings,
    )


def track(parts: Sequence[Part], name: str, unit: str = '') -> Iterator[Part]:
    """Go through the parts of a computation and show how far it is.

    A ``mmseg_balance.logits.progress.Track``.

    Args:
        parts: The parts.
        name: What is done.
        unit: Of the parts, in the plural.
    """
    return track_iterable(parts, name, len(parts), unit)


def track_iterable(
    parts: Iterable[Part], name: str, total: int, unit: str = ''
) -> Iterator[Part]:
    """The same for parts that come one by one.

    Args:
        parts: The parts.
        name: What is done.
        total: How many there will be.
        unit: Of the parts, in the plural.
    """
    with progress_bar(name, total, unit) as bar:
        for part in parts:
            yield part
            bar.update()


def _is_first_rank() -> bool:
    return all(os.environ.get(name, '0') in ('', '0') for name in RANKS)


class _Lines(tqdm):
    """A line now and then in place of a bar that is drawn over itself."""

    def display(self, msg: str | None = None, pos: int | None = None) -> bool:
        """Write a line, and less often the longer it takes."""
        elapsed = self.format_dict['elapsed']
        self.mininterval = max(LINE_SECONDS, LINE_SHARE * elapsed)
        return bool(super().display(msg, pos))

    def __str__(self) -> str:
        known = self.format_dict
        done, elapsed = known['n'], known['elapsed']
        text = f'{self.desc}: {done}/{self.total} {self.unit}'.rstrip()
        passed, new = self.format_interval(elapsed), done - self.initial
        if done >= self.total:
            return f'{text} in {passed}'
        if not new:
            return text
        rate = known['rate'] or new / max(elapsed, 1e-9)
        left = self.format_interval((self.total - done) / rate)
        return f'{text}, {passed} passed, {left} left'


class _LineStream:
    """Makes lines of what tqdm writes to draw over what stands there.

    Args:
        stream: Where they go.
    """

    def __init__(self, stream: TextIO) -> None:
        self.stream, self.last = stream, ''

    def write(self, text: str) -> None:
        """Write a line, if it says something new."""
        line = text.strip('\r\n ')
        if line and line != self.last and not line.startswith('\x1b'):
            self.stream.write(f'{line}\n')
            self.last = line

    def flush(self) -> None:
        """Flush the stream."""
        self.stream.flush()
