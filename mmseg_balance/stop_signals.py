"""Signals that end a program, kept until it is at a safe place."""

import signal
from types import FrameType
from typing import Any


class StopSignals:
    """Notes SIGINT and SIGTERM instead of stopping in the midst of a step.

    The second of them raises KeyboardInterrupt where it comes.

    Attributes:
        requested (bool): Whether one came.
    """

    signals = (signal.SIGINT, signal.SIGTERM)

    def __init__(self) -> None:
        self.requested = False
        self._before: list[Any] = []

    def __enter__(self) -> 'StopSignals':
        self._before = [signal.signal(s, self._note) for s in self.signals]
        return self

    def __exit__(self, *_: object) -> None:
        for number, before in zip(self.signals, self._before, strict=True):
            signal.signal(number, before)

    def _note(self, number: int, frame: FrameType | None) -> None:
        if self.requested:
            raise KeyboardInterrupt
        self.requested = True
