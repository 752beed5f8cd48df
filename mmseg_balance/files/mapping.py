"""A function over many files, in processes, failures told together."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from multiprocessing import parent_process
from threading import Thread
from typing import Any, TypeVar

import cv2

from ..errors import UserRuntimeError, UserValueError
from ..progress import track_iterable

SHOWN_ERRORS = 10

Item = TypeVar('Item')

# of a process that maps: it may be large, and is sent there once
_function: Callable[[Any], Any]


def map_files(
    function: Callable[[Item], Any],
    items: Sequence[Item],
    nproc: int = 1,
    description: str = 'read',
) -> list[Any]:
    """Apply a function to many files in parallel, with a progress bar.

    A file that fails does not stop the others; the failures are reported
    together at the end.

    Args:
        function: Called with one item; can be pickled.
        items: What it is called with.
        nproc: Number of processes; 1 stays in this one.
        description: What is done, for the bar.

    Returns:
        The results in the order of the items.

    Raises:
        ValueError: The function raised ``OSError`` or ``ValueError`` for
            some items; the message holds theirs.
        RuntimeError: A process was killed, by lack of memory for example.
    """
    guarded = partial(_guarded, function)
    progress = partial(
        track_iterable, name=description, total=len(items), unit='files'
    )
    if nproc == 1:
        results = list(progress(map(guarded, items)))
    else:
        results = _map_in_processes(guarded, items, nproc, progress)
    errors = [str(r.error) for r in results if isinstance(r, _Failure)]
    if errors:
        shown = '\n  '.join(errors[:SHOWN_ERRORS])
        rest = len(errors) - SHOWN_ERRORS
        more = f'\n  and {rest} more' if rest > 0 else ''
        raise UserValueError(
            f'{len(errors)} of {len(items)} files failed:\n  {shown}{more}'
        )
    return results


class _Failure:
    """An exception as the result of one item."""

    def __init__(self, error: Exception) -> None:
        self.error = error


def _guarded(function: Callable[[Item], Any], item: Item) -> Any:
    try:
        return function(item)
    except (OSError, ValueError) as error:
        return _Failure(error)


def _start_process(function: Callable[[Item], Any]) -> None:
    global _function
    _function = function
    # one thread each: the processes already fill the cores
    cv2.setNumThreads(0)
    Thread(target=_end_with_parent, daemon=True).start()


def _in_process(item: Item) -> Any:
    return _function(item)


def _end_with_parent() -> None:
    """End this process when its parent has: it would wait for ever."""
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _map_in_processes(
    function: Callable[[Item], Any],
    items: Sequence[Item],
    nproc: int,
    progress: Callable,
) -> list[Any]:
    with ProcessPoolExecutor(
        nproc, initializer=_start_process, initargs=(function,)
    ) as pool:
        try:
            return list(progress(pool.map(_in_process, items, chunksize=4)))
        except BrokenProcessPool as error:
            raise UserRuntimeError(
                'a worker process was killed, perhaps for lack of memory: '
                'run the same command with a smaller --nproc'
            ) from error
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
