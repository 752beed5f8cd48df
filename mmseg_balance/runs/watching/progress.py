"""Where a training is, and how long it will take."""

import re
from dataclasses import dataclass
from pathlib import Path

from .log_tail import LogLine
from .session import Session

CHECKPOINT = re.compile(r'(?:iter|epoch)_(\d+)\.pth')
# seconds without a line before something is wrong; by the speed of the run
# where that is slow, and longer at the start, which loads data and compiles
SILENCE, STARTING, LINES = 120, 600, 6


@dataclass(frozen=True)
class Progress:
    """State of a run.

    Attributes:
        state: 'waiting' (nothing was logged), 'running', 'validating',
            'silent' (no news for longer than expected) or 'finished'.
        done: Iterations that were logged.
        total: Iterations of the whole training; None where unknown.
        validation: Images, as 'done/total', while it is validated.
        seconds_left: Of the iterations that are left, validations not
            counted; None where unknown or where nothing runs.
        seconds: Of an iteration.
        silent_for: Seconds since something was written; None before.
    """

    state: str
    done: int
    total: int | None
    validation: str | None
    seconds_left: float | None
    seconds: float | None
    silent_for: float | None


def progress_of(session: Session, work_dir: Path, now: float) -> Progress:
    """Tell from config, log and values where a run is.

    Args:
        session: Its latest start.
        work_dir: Its work folder.
        now: Seconds since 1970.
    """
    lines = [line for line in session.log() if line.mode != 'test']
    done, total = _position(session, lines)
    seconds = session.seconds
    if seconds is None:
        times = [x.seconds for x in lines if x.mode == 'train' and x.seconds]
        seconds = times[-1] if times else None
    news = session.last_news()
    age = None if news is None else max(now - news, 0)
    state = _state(session, lines, done, total, age)
    if state == 'silent' and _is_saved(session, work_dir, total):
        # the log ends a few lines before the training does
        state, done = 'finished', total or done
    left = None
    if state in ('running', 'validating') and total and seconds:
        left = max(total - done, 0) * seconds
        if state == 'running' and done < total:
            left = max(left - (age or 0), 0)
    validation = None
    if state == 'validating':
        validation = f'{lines[-1].done}/{lines[-1].total}'
    return Progress(state, done, total, validation, left, seconds, age)


def _position(
    session: Session, lines: list[LogLine]
) -> tuple[int, int | None]:
    """Iterations that are done, and those of the whole training."""
    facts = session.facts
    done, total = session.last or 0, facts.max_iters
    trained = [line for line in lines if line.mode == 'train']
    if not trained:
        return done, total
    last = trained[-1]
    if last.epoch is None:
        return max(done, last.done), total or last.total
    if total is None:  # a training by epochs
        if facts.max_epochs is not None:
            total = facts.max_epochs * last.total
        done = max(done, (last.epoch - 1) * last.total + last.done)
    return done, total


def _state(
    session: Session,
    lines: list[LogLine],
    done: int,
    total: int | None,
    age: float | None,
) -> str:
    """State without what checkpoints say."""
    if age is None:
        return 'waiting'
    is_new = age < _silence(lines)
    last = lines[-1] if lines else None
    is_validating = (
        last is not None and last.mode == 'val' and last.done < last.total
    )
    if total is not None and done >= total and not is_validating:
        # a last validation is still to come
        ends = session.facts.validates is False or (
            last is not None and last.mode == 'val'
        )
        return 'finished' if ends or not is_new else 'running'
    if not done and not lines:
        return 'waiting' if age < STARTING else 'silent'
    if not is_new:
        return 'silent'
    return 'validating' if is_validating else 'running'


def _silence(lines: list[LogLine]) -> float:
    """Seconds that may pass between two lines of the log."""
    longest = 0.0
    for before, after in zip(lines, lines[1:], strict=False):
        if before.mode == after.mode and before.epoch == after.epoch:
            step = after.done - before.done
            longest = max(longest, step * (after.seconds or 0))
    return max(SILENCE, LINES * longest)


def _is_saved(session: Session, work_dir: Path, total: int | None) -> bool:
    """Whether this start wrote the checkpoint of the last iteration."""
    pointer = work_dir / 'last_checkpoint'
    config = session.folder / 'vis_data' / 'config.py'
    try:
        name = Path(pointer.read_text().strip()).name
        is_newer = pointer.stat().st_mtime >= config.stat().st_mtime
    except OSError:
        return False
    match = CHECKPOINT.fullmatch(name)
    ends = {total, session.facts.max_epochs} - {None}
    return bool(match and int(match[1]) in ends and is_newer)
