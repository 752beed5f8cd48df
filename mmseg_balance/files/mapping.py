"""A function over many files, in processes, failures told together."""

from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from typing import Any, TypeVar

import cv2

from ..errors import UserRuntimeError, UserValueError
from ..progress import track_iterable

SHOWN_ERRORS = 10

Item = TypeVar('Item')


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


def _map_in_processes(
    function: Callable[[Item], Any],
    items: Sequence[Item],
    nproc: int,
    progress: Callable,
) -> list[Any]:
    # one thread each: the processes already fill the cores
    with ProcessPoolExecutor(
        nproc, initializer=cv2.setNumThreads, initargs=(0,)
    ) as pool:
        try:
            return list(progress(pool.map(function, items, chunksize=4)))
        except BrokenProcessPool as error:
            raise UserRuntimeError(
                'a worker process was killed, perhaps for lack of memory: '
                'run the same command with a smaller --nproc'
            ) from error
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
