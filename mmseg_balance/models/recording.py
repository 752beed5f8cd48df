"""What parts of a model offer to whoever records an iteration.

A part that has something to show notes it, in its forward, under a name; who
wants to see it is a recorder, for an iteration. Where there is none, which is
so in all other iterations, a note is a look at an empty set: nothing is
computed, kept or waited for. No note changes what is trained.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol
from weakref import WeakKeyDictionary

import torch
from torch import Tensor

SOURCE, TARGET = 'source', 'target'  # rows of the images of a step
# names of what parts of this package note
IMAGE, LABELS, WEIGHTS, CONFIDENCE, FROM_TARGET, PREDICTION = (
    'image',
    'labels',
    'weights',
    'confidence',
    'from the target',
    'prediction',
)
# ids of segments, class * 1000 + number
PANOPTIC = 'segments'
TRANSLATED, TRANSLATED_BACK, IDENTITY = (
    'translation',
    'translation back',
    'unchanged (identity)',
)
CELLS, SEGMENTS, ATTENTION, OFFSET, DENSITY, DENSITY_PREDICTION = (
    'feature distance cells',
    'aligned segments',
    'detail attention',
    'offset',
    'density d',
    'predicted d',
)


class Recorder(Protocol):
    """Who is offered what is noted."""

    def wants(self, row: str, name: str) -> bool:
        """Whether a value is to be computed, if need be, and recorded.

        Args:
            row: Whose images it is of: 'source' or 'target', those of the
                step; or the prefix of the objective that has made others.
            name: What it is.
        """

    def record(self, row: str, name: str, value: Tensor) -> None:
        """Take a value that was wanted.

        Args:
            row, name: As above.
            value: Detached, see :func:`note`; not to be changed.
        """


# with the row of notes outside of any; weak, so that a training that fails
# within an iteration leaves none behind
_active: WeakKeyDictionary[Recorder, str | None] = WeakKeyDictionary()
_rows: list[str | None] = []


@contextmanager
def recording(recorder: Recorder, row: str | None = None) -> Iterator[None]:
    """Offer a recorder what is noted in here.

    Args:
        recorder: Has to be kept alive by its owner.
        row: Of what is noted outside of any row. Default: it is not offered.
    """
    _active[recorder] = row
    try:
        yield
    finally:
        _active.pop(recorder, None)


def is_recording() -> bool:
    """Whether somebody records."""
    return bool(_active)


@contextmanager
def noted_in(row: str | None) -> Iterator[None]:
    """Say whose images it is that notes are of, in here.

    Args:
        row: See :class:`Recorder`. None: nothing is offered.
    """
    _rows.append(row)
    try:
        yield
    finally:
        _rows.pop()


def note(name: str, value: Tensor | Callable[[], Tensor]) -> None:
    """Offer a value to those who record, if there are any.

    Args:
        name: What it is, once in a row: of several the first counts.
        value: For each of the N images, in their order: normalised images,
            (N, 3, H, W); classes, of an integer dtype (N, H, W); a mask,
            bool; or a map of numbers, of a floating dtype, NaN where there
            is none. Or a function that computes it, called without gradients
            and only where somebody wants it.
    """
    if torch.compiler.is_compiling() or not _active:
        return
    rows = {r: _rows[-1] if _rows else row for r, row in _active.items()}
    rows = {r: w for r, w in rows.items() if w and r.wants(w, name)}
    if not rows:
        return
    with torch.no_grad():
        value = value.detach() if isinstance(value, Tensor) else value()
    for recorder, row in rows.items():
        recorder.record(row, name, value)
