"""Functions that pass settings of logit statistics on."""

import inspect
from collections.abc import Callable
from dataclasses import MISSING, fields
from functools import wraps
from typing import Any, TypeVar, cast
from warnings import warn

from ...errors import UserTypeError
from .settings import StatisticsSettings

Function = TypeVar('Function', bound=Callable[..., Any])


def takes_settings(*by_place: str) -> Callable[[Function], Function]:
    """List the fields of :class:`StatisticsSettings` for ``**settings``.

    ``inspect`` shows them in place of the last parameter, and so do the
    documentation and the hint at a config's key that is misspelt. What is
    none of them is refused as an argument of the decorated function.

    Args:
        by_place: Arguments that used to follow by place those that still
            may.

    Returns:
        Decorator of a function whose last parameter is ``**settings``.
    """

    def decorate(function: Function) -> Function:
        signature = inspect.signature(function)
        own = list(signature.parameters.values())[:-1]
        num_by_place = sum(p.kind is not p.KEYWORD_ONLY for p in own)
        parameters = [*own, *_keywords()]
        known = {parameter.name for parameter in parameters}

        @wraps(function)
        def checked(*args: Any, **kwargs: Any) -> Any:
            args, rest = args[:num_by_place], args[num_by_place:]
            former = dict(zip(by_place, rest, strict=False))
            if former:
                warn(
                    f'{function.__qualname__}() takes {", ".join(former)} by '
                    'name now',
                    DeprecationWarning,
                    stacklevel=2,
                )
            for name in kwargs:
                if name not in known:  # in Python's words
                    raise UserTypeError(
                        f'{function.__qualname__}() got an unexpected '
                        f'keyword argument {name!r}'
                    )
            return function(*args, *rest[len(former) :], **former, **kwargs)

        checked.__signature__ = signature.replace(  # type: ignore[attr-defined]
            parameters=parameters
        )
        return cast(Function, checked)

    return decorate


def _keywords() -> list[inspect.Parameter]:
    """Parameters for all settings that have a default."""
    return [
        inspect.Parameter(
            field.name,
            inspect.Parameter.KEYWORD_ONLY,
            default=field.default,
            annotation=field.type,
        )
        for field in fields(StatisticsSettings)
        if field.default is not MISSING
    ]
