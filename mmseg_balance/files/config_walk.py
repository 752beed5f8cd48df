"""Finding parts in a config file, however deep they are nested."""

from collections.abc import Iterator
from typing import Any

from mmengine.registry import Registry


def type_name(config: Any) -> str:
    """Name of the class that a config stands for, without its scope.

    Args:
        config: Anything in a config; ``type`` may be a name or a class.

    Returns:
        The name, or '' where there is no ``type``.
    """
    kind = config.get('type', '') if isinstance(config, dict) else ''
    return getattr(kind, '__name__', str(kind)).split('.')[-1]


def class_of(config: dict, registry: Registry) -> Any:
    """What the ``type`` of a config stands for.

    Args:
        config: A dict in a config.
        registry: Where names are looked up.

    Returns:
        The class or function; None where there is no ``type``, or none of
        that name.
    """
    kind = config.get('type')
    return registry.get(kind) if isinstance(kind, str) else kind


def keyed_dicts(config: Any, key: str = '') -> Iterator[tuple[str, dict]]:
    """Every dict in a config with its key, the outer ones first.

    Args:
        config: Dicts, lists and tuples, nested as you like.
        key: Key of ``config`` itself.

    Yields:
        Key, as 'param_scheduler[0]' or 'model.decode_head', and dict, which
        may be changed in place.
    """
    if isinstance(config, dict):
        yield key, config
        for name, value in list(config.items()):
            yield from keyed_dicts(value, f'{key}.{name}' if key else name)
    elif isinstance(config, (list, tuple)):
        for i, value in enumerate(config):
            yield from keyed_dicts(value, f'{key}[{i}]')


def dicts_in(config: Any) -> Iterator[dict]:
    """Every dict in a config, the outer ones first.

    Args:
        config: Dicts, lists and tuples, nested as you like.

    Yields:
        Each dict, which may be changed in place.
    """
    for _, part in keyed_dicts(config):
        yield part
