"""Finding parts in a config."""

from collections.abc import Iterator
from typing import Any

from mmengine.config import Config


def type_name(config: Any) -> str:
    """Name of the class that a config stands for, without its scope.

    Args:
        config: Anything in a config; ``type`` may be a name or a class.

    Returns:
        The name, or '' where there is no ``type``.
    """
    kind = config.get('type', '') if isinstance(config, dict) else ''
    return getattr(kind, '__name__', str(kind)).split('.')[-1]


def dicts_in(config: Any) -> Iterator[dict]:
    """Every dict in a config, the outer ones first.

    Args:
        config: Dicts, lists and tuples, nested as you like.

    Yields:
        Each dict, which may be changed in place.
    """
    if isinstance(config, dict):
        yield config
        config = list(config.values())
    if isinstance(config, (list, tuple)):
        for value in config:
            yield from dicts_in(value)


def named_optimizers(cfg: Config) -> dict[str, dict]:
    """Configs of several optimizers by name; empty where there is one.

    Args:
        cfg: Config with ``optim_wrapper``.
    """
    return {
        name: part
        for name, part in cfg.optim_wrapper.items()
        if isinstance(part, dict) and 'optimizer' in part
    }
