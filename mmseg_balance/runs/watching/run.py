"""A work folder: one training, also where it was started several times."""

import math
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np

from .curve import joined
from .pictures import Picture
from .progress import STARTING, Progress, progress_of
from .sections import meaning, sections_of
from .series import ends, series
from .session import Session

MOST_PICTURES = 24
# what a command of this package leaves behind when it fails
ERRORS = 'error_*.txt'


class Run:
    """A training in its work folder.

    A start that resumes goes on where its checkpoint was: what was logged
    behind that before is left out, so that no iteration counts twice. One
    that does not resume begins anew, and earlier ones are left out.

    Args:
        work_dir: The folder, with a sub-folder for each start.
        name: Shown to the reader.
    """

    def __init__(self, work_dir: Path, name: str) -> None:
        self.work_dir, self.name = work_dir, name
        self._sessions: list[Session] = []
        self._lock = threading.Lock()
        self._version: tuple | None = None
        self._values: dict[str, Any] = {}

    def set_sessions(self, folders: list[Path]) -> None:
        """Note what starts there are.

        Args:
            folders: Their folders.
        """
        with self._lock:
            known = {session.name: session for session in self._sessions}
            self._sessions = [
                known.get(folder.name) or Session(folder)
                for folder in sorted(folders)
            ]

    @property
    def last_news(self) -> float:
        """When something was written last, in seconds since 1970."""
        return max(s.last_news() or 0 for s in self._sessions)

    def glance(self, now: float | None = None) -> dict[str, Any]:
        """A line of the list of runs.

        Args:
            now: Seconds since 1970.
        """
        with self._lock:
            return dict(name=self.name, **self._progress(now))

    def picture(self, session: str, name: str) -> Path | None:
        """A picture of this run, or None where there is none of that name.

        Args:
            session: Name of the start that drew it.
            name: Name of the file.
        """
        with self._lock:
            for one in self._sessions:
                if one.name == session:
                    return one.pictures.file(name)
        return None

    def state(
        self, known: str = '', now: float | None = None
    ) -> dict[str, Any]:
        """All that is shown of the run.

        Args:
            known: ``version`` of what the reader has; where it is still
                that, 'values' is left out.
            now: Seconds since 1970.
        """
        with self._lock:
            unreadable = [
                f'{error.filename} cannot be read: {error.strerror}'
                for error in map(_update, self._sessions)
                if error is not None
            ]
            version = tuple((s.name, s.num_rows) for s in self._sessions)
            if version != self._version:
                self._values = self._read_values()
                self._version = version
            key = ' '.join(f'{name}:{rows}' for name, rows in version)
            state = dict(
                name=self.name,
                work_dir=str(self.work_dir),
                starts=[session.name for session in self._sessions],
                version=key,
                notes=[*unreadable, *self._notes()],
                pictures=self._pictures(),
                **self._progress(now),
            )
            if key != known:
                state['values'] = self._values
            return state

    def _progress(self, now: float | None) -> dict[str, Any]:
        now = time.time() if now is None else now
        progress: Progress = progress_of(self._newest(now), self.work_dir, now)
        values = vars(progress).copy()
        # what resumes has done what was done before
        if progress.state in ('waiting', 'silent') and not progress.done:
            parts = zip(self._sessions, self._ends(), strict=True)
            seen = [s.last or 0 for s, end in parts if end != 0]
            values['done'] = max(seen, default=0)
        return values

    def _newest(self, now: float) -> Session:
        """The start that tells how the run is.

        One without a value counts while it may be about to begin: what fails
        at once, or tests, says nothing of the training before it.
        """
        last = self._sessions[-1]
        if now - (last.last_news() or 0) < STARTING:
            return last
        begun = [s for s in self._sessions if s.has_values]
        return begun[-1] if begun else last

    def _ends(self) -> list[int | None]:
        """For each start the iteration at which a later one goes on."""
        bounds: list[int | None] = []
        end: int | None = None
        for session in reversed(self._sessions):
            bounds.append(end)
            if session.first is None:
                continue
            first = session.first if session.facts.resume is not False else 0
            end = first if end is None else min(first, end)
        return bounds[::-1]

    def _read_values(self) -> dict[str, Any]:
        """Curves and latest values of each scalar, by section."""
        bounds = self._ends()
        names = dict.fromkeys(n for s in self._sessions for n in s.curves)
        scores = {name for s in self._sessions for name in s.scores}
        curves = {
            name: joined([s.curves.get(name) for s in self._sessions], bounds)
            for name in names
        }
        curves = {name: c for name, c in curves.items() if len(c[0])}
        sections = sections_of(curves, scores)

        def chart(title: str, of: list[str]) -> dict[str, Any]:
            return dict(
                title=title, series=[series(n, *curves[n]) for n in of]
            )

        return dict(
            losses=[chart(*item) for item in sections.losses.items()],
            scores=[chart(*item) for item in sections.scores.items()],
            others=[chart(*item) for item in sections.others.items()],
            classes=[
                dict(
                    title=title,
                    says=meaning(title),
                    values=[
                        dict(label=label, **ends(*curves[name]))
                        for label, name in group.items()
                    ],
                )
                for title, group in sections.classes.items()
            ],
        )

    def _pictures(self) -> dict[str, Any]:
        """The latest picture of each name, of the newest start that has it."""
        found: dict[str, tuple[str, Picture]] = {}
        for session, end in zip(self._sessions, self._ends(), strict=True):
            if end == 0:  # of another training
                continue
            for picture in session.pictures.latest():
                found[picture.name] = session.name, picture
        newest = sorted(
            found.values(), key=lambda item: (-item[1].step, item[1].name)
        )
        shown = [
            dict(
                name=picture.name,
                step=picture.step,
                session=session,
                file=picture.path.name,
                changed=str(picture.changed),
            )
            for session, picture in newest[:MOST_PICTURES]
        ]
        return dict(shown=shown, num_more=len(newest) - len(shown))

    def _notes(self) -> list[str]:
        """What a reader should know."""
        notes = []
        unreadable = sum(s.num_unreadable for s in self._sessions)
        if unreadable:
            notes.append(
                f'{unreadable} lines of scalars.json are no JSON, as a kill '
                'leaves them, and were left out'
            )
        newest = self._newest(time.time())
        for file in sorted(self.work_dir.glob(ERRORS)):
            if file.stat().st_mtime >= newest.folder.stat().st_ctime:
                notes.append(f'it failed: {file.name} in its work folder')
        for name, curve in newest.curves.items():
            steps, values = curve.before(None)
            if 'loss' in name and not math.isfinite(values[-1]):
                bad = steps[~np.isfinite(values)][0]
                notes.append(f'{name} is {values[-1]} since iteration {bad}')
        return notes


def _update(session: Session) -> OSError | None:
    """Read what is new; what a user may not read is no end of the view."""
    try:
        session.update()
    except OSError as error:
        return error
    return None
