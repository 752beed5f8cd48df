"""Work in threads beside the model, a few calls at a time."""

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Any


class Background:
    """Runs calls in threads; the errors of a call are raised by a later one.

    Compressing pictures takes as long as a small model does.

    Args:
        num_threads: How many; 0: calls are run at once.
    """

    def __init__(self, num_threads: int) -> None:
        self._limit = 2 * num_threads
        self._waiting: deque[Future] = deque()
        self._pool = ThreadPoolExecutor(num_threads) if num_threads else None

    def __enter__(self) -> 'Background':
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._pool is None:
            return
        try:
            while self._waiting and error is None:
                self._waiting.popleft().result()
        finally:
            self._pool.shutdown()

    def run(self, function: Callable, *args: Any) -> None:
        """Run a call soon; wait where many are waiting.

        Args:
            function: What is called.
            *args: What it is given, to be left as it is from here on.
        """
        if self._pool is None:
            function(*args)
            return
        self._waiting.append(self._pool.submit(function, *args))
        if len(self._waiting) > self._limit:
            self._waiting.popleft().result()
