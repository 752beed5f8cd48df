"""Settings of the parts of a method."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any
from warnings import warn

from torch import nn

from ...errors import UserTypeError

# each argument of the part is left as it is
DEFAULTS: Mapping[str, Any] = MappingProxyType({})


def settings_of_part(
    method: nn.Module, name: str, settings: Mapping[str, Any] | None
) -> Mapping[str, Any]:
    """Arguments of a part that a method cannot do without.

    Elsewhere None is off. Where 0.1.0 took it for the defaults it still is,
    with a warning.

    Args:
        method: The method.
        name: Its argument.
        settings: What was given.

    Returns:
        Arguments of the part.
    """
    if settings is None:
        warn(
            f'{name}=None of {type(method).__name__} does not switch it off: '
            f'write {name}={{}} for its defaults, or leave it away',
            DeprecationWarning,
            stacklevel=3,
        )
        return DEFAULTS
    return settings


def with_defaults(
    method: nn.Module,
    name: str,
    settings: Mapping[str, Any] | None,
    **defaults: Any,
) -> Mapping[str, Any] | None:
    """Arguments of a part that a method can do without.

    Args:
        method: The method.
        name: Its argument.
        settings: What was given; None: without the part.
        **defaults: What the method has where it is not given.

    Returns:
        Arguments of the part; None: without it.

    Raises:
        TypeError: Neither arguments nor None; names it.
    """
    if settings is None:
        return None
    if not isinstance(settings, Mapping):
        raise UserTypeError(
            f'Expected `{name}` of {type(method).__name__} to be a dict, {{}} '
            f'for its defaults, or None to leave it out, but got {settings!r}'
        )
    return {**defaults, **settings}
