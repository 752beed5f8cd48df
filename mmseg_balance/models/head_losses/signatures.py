"""What a method of others asks for, looked up once."""

from functools import cache
from inspect import signature


@cache
def names_argument(kind: type, method: str, name: str) -> bool:
    """Whether a method names an argument; ``**kwargs`` do not count.

    Args:
        kind: The class, which stays. Its method may be made anew whenever it
            is asked for, as one of ``functools.partialmethod`` is.
        method: Name of the method.
        name: The argument.
    """
    return name in signature(getattr(kind, method)).parameters
