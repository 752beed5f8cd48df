"""What methods and objects of others ask for and offer, looked up once."""

from functools import cache
from inspect import signature
from typing import Any


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


def offers(thing: Any, protocol: type) -> bool:
    """Whether an object has all that a protocol names.

    ``isinstance`` does not see, from Python 3.12 on, what ``__getattr__``
    finds: a part that a module has as its child, for one.

    Args:
        thing: Any object.
        protocol: A ``typing.Protocol``.
    """
    return all(
        getattr(thing, name, None) is not None for name in _names(protocol)
    )


@cache
def _names(protocol: type) -> tuple[str, ...]:
    own = {**vars(protocol), **getattr(protocol, '__annotations__', {})}
    return tuple(name for name in own if not name.startswith('_'))
