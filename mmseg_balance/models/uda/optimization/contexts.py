"""Several contexts as one."""

from collections.abc import Hashable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import Any


@contextmanager
def told(place: str) -> Iterator[None]:
    """Note where an error comes up, for the line that a user reads.

    Args:
        place: Whose code is run.
    """
    try:
        yield
    except Exception as error:
        # which Python 3.10 has no add_note for
        error.__notes__ = [*getattr(error, '__notes__', ()), place]
        raise


@contextmanager
def entered(
    contexts: Mapping[Hashable, AbstractContextManager],
) -> Iterator[dict[Hashable, Any]]:
    """Enter several contexts.

    Args:
        contexts: By any key.

    Yields:
        What each yields, by its key; without those that yield None.
    """
    with ExitStack() as stack:
        found = {k: stack.enter_context(c) for k, c in contexts.items()}
        yield {k: value for k, value in found.items() if value is not None}
