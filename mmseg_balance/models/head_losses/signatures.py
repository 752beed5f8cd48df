"""What a function of others asks for, looked up once."""

from collections.abc import Callable
from functools import cache
from inspect import signature


@cache
def names_argument(function: Callable, name: str) -> bool:
    """Whether a function names an argument; ``**kwargs`` do not count.

    Args:
        function: That of a class, which stays; not one bound to an object,
            which would be kept alive.
        name: The argument.
    """
    return name in signature(function).parameters
