"""Images that threads load while the model is at work."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Image = TypeVar('Image')
Loaded = TypeVar('Loaded')


def load_ahead(
    load: Callable[[Image], Loaded],
    images: Iterable[Image],
    num_ahead: int,
    num_workers: int,
) -> Iterator[Loaded]:
    """Load images in their order, some of them before they are asked for.

    Args:
        load: Loads one.
        images: The images; only some are held at once.
        num_ahead: How many.
        num_workers: Threads that load. 0: each is loaded when its turn
            comes.

    Yields:
        What ``load`` returns.
    """
    if not num_workers:
        yield from map(load, images)
        return
    waiting: deque[Future] = deque()
    with ThreadPoolExecutor(num_workers) as pool:
        try:
            for image in images:
                waiting.append(pool.submit(load, image))
                if len(waiting) > num_ahead:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
