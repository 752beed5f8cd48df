"""The last lines of mmengine's text log: where a training is."""

import re
from dataclasses import dataclass
from pathlib import Path

TAIL = 1 << 16  # bytes
# 'Iter(train) [ 50/40000]  ...', 'Epoch(val) [3][10/500]    eta: ...'
LINE = re.compile(
    r'(?P<kind>Iter|Epoch)\((?P<mode>train|val|test)\)\s*'
    r'(?:\[\s*(?P<epoch>\d+)\]\s*)?\[\s*(?P<done>\d+)/\s*(?P<total>\d+)\]'
)
SECONDS = re.compile(r'\stime: (\d+\.\d+)')


@dataclass(frozen=True)
class LogLine:
    """One line of progress.

    Attributes:
        mode: 'train', 'val' or 'test'.
        epoch: Counted from 1; None of a training by iterations.
        done, total: Iterations, of the epoch where there is one.
        seconds: Of an iteration; None where the line does not say.
    """

    mode: str
    epoch: int | None
    done: int
    total: int
    seconds: float | None


def read_tail(path: Path) -> list[LogLine]:
    """Lines of progress at the end of a log.

    Args:
        path: The log, which may be missing.

    Returns:
        Those of its last 64 KB, in order.
    """
    try:
        with path.open('rb') as file:
            size = file.seek(0, 2)
            file.seek(max(size - TAIL, 0))
            text = file.read().decode(errors='replace')
    except OSError:
        return []
    found = []
    for line in text.splitlines():
        match = LINE.search(line)
        if match:
            seconds = SECONDS.search(line)
            found.append(
                LogLine(
                    match['mode'],
                    int(match['epoch']) if match['epoch'] else None,
                    int(match['done']),
                    int(match['total']),
                    float(seconds[1]) if seconds else None,
                )
            )
    return found
