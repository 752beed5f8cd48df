"""Progress of long computations, which a tool may show."""

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

Part = TypeVar('Part')

# Given the parts of a computation and what it does, in a few words; returns
# the parts, one after the other.
Track = Callable[[Sequence[Part], str], Iterable[Part]]


def untracked(parts: Sequence[Part], name: str) -> Iterable[Part]:
    """The parts, and nothing is shown.

    Args:
        parts: Parts of a computation.
        name: What it does.
    """
    return parts


def renamed(track: Track, name: str) -> Track:
    """Show the same progress under another name.

    Args:
        track: Shows it.
        name: What the computation does.
    """
    return lambda parts, _: track(parts, name)
