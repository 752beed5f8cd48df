"""Slips of the pen in a config, named by their key."""

import inspect
import re
import traceback
from difflib import get_close_matches
from typing import Any

from mmengine.config import Config
from mmengine.registry import Registry, build_from_cfg
from mmseg import registry as registries

from ..errors import UserValueError
from ..files.config_walk import class_of, keyed_dicts

UNKNOWN_TYPE = re.compile(r'(\S+) is not in the \S+::(.+?) registry')
UNKNOWN_KEY = re.compile(
    r"(\w+)(?:\.__init__)?\(\) got an unexpected keyword argument '(\w+)'"
)
CLOSE = 0.75


def explain(error: BaseException, cfg: Config) -> str | None:
    """Name the key that made a class unknown or an argument unexpected.

    Args:
        error: What building ``cfg`` raised.
        cfg: The config.

    Returns:
        One line; None for other errors.
    """
    text = str(error.args[0]) if error.args else ''
    found = UNKNOWN_TYPE.match(text)
    if isinstance(error, KeyError) and found:
        return _unknown_type(found[1], found[2], cfg)
    found = UNKNOWN_KEY.search(text)
    if isinstance(error, TypeError) and found:
        return _unknown_key(found[1], found[2], cfg)
    return None


def failing_part(error: BaseException, cfg: Config) -> str:
    """Name the part of a config whose class raised an error.

    Args:
        error: What building ``cfg`` raised.
        cfg: The config.

    Returns:
        Its keys and its class, as the beginning of a line; '' where nothing
        was being built, or nothing of the config.
    """
    kind = None
    for frame, _ in traceback.walk_tb(error.__traceback__):
        if frame.f_code is build_from_cfg.__code__:
            kind = frame.f_locals.get('obj_cls')
    if not isinstance(kind, type):
        return ''
    parts = keyed_dicts(cfg._cfg_dict)
    places = [key for key, part in parts if key and _class_of(part) is kind]
    return f'{", ".join(places)} ({kind.__name__}): ' if places else ''


def new_keys(cfg: Config, options: dict[str, Any]) -> list[str]:
    """Overrides of keys that do not exist while a similar one does.

    Args:
        cfg: Config before the overrides.
        options: Overrides by dotted key, as ``--cfg-options`` gives them.

    Returns:
        A sentence for each of them.
    """
    lines = []
    for option in options:
        parent: Any = cfg._cfg_dict
        parts = option.split('.')
        for depth, part in enumerate(parts):
            if isinstance(parent, (list, tuple)) and part.isdigit():
                number = int(part)
                parent = parent[number] if number < len(parent) else None
                continue
            if not isinstance(parent, dict):
                break
            if part not in parent:
                close = nearest(part, parent)
                if close:
                    key = '.'.join(parts[: depth + 1])
                    lines.append(f'{key} is new{_did_you_mean(close)}')
                break
            parent = parent[part]
    return lines


def refuse_keys_of_lists(cfg: Config, options: dict[str, Any]) -> None:
    """Refuse overrides that name no item of a list.

    Args:
        cfg: Config before the overrides.
        options: Overrides by dotted key, as ``--cfg-options`` gives them.

    Raises:
        ValueError: Names the list, its length and how an item is named.
    """
    for option in options:
        value: Any = cfg._cfg_dict
        parts = option.split('.')
        for depth, part in enumerate(parts):
            if isinstance(value, dict):
                value = value.get(part)
            elif isinstance(value, list):
                if not (part.isdigit() and int(part) < len(value)):
                    key = '.'.join(parts[:depth])
                    rest = parts[depth + part.isdigit() :]
                    raise UserValueError(
                        f'--cfg-options {option}: {key} is a list of '
                        f'{len(value)}, whose items have numbers from 0, as '
                        f'in {".".join([key, "0", *rest])}'
                    )
                value = value[int(part)]
            else:
                break


def nearest(word: str, words: Any) -> str | None:
    """The word that is most like another one, if any is like it."""
    close = get_close_matches(word, list(map(str, words)), 1, CLOSE)
    return close[0] if close else None


def _unknown_type(kind: str, registry: str, cfg: Config) -> str:
    places = [
        f'{key}.type' if key else 'type'
        for key, part in keyed_dicts(cfg._cfg_dict)
        if part.get('type') == kind
    ]
    name = kind.split('.')[-1]
    close = get_close_matches(name, registered(registry), 3, 0.6)
    hint = (
        f'; did you mean {" or ".join(map(repr, close))}? Else name its module'
        if close
        else ', and nothing like it: name its module'
    )
    return (
        f'{_listed(places)}{kind!r} is not registered as a {registry}{hint} '
        f'in custom_imports.imports, and put {_decorator(registry)} above it'
    )


def _decorator(name: str) -> str:
    names = (
        key
        for key, value in vars(registries).items()
        if isinstance(value, Registry) and value.name == name
    )
    return f'@{next(names)}.register_module()'


def _unknown_key(owner: str, word: str, cfg: Config) -> str:
    parts = [
        (key, part) for key, part in keyed_dicts(cfg._cfg_dict) if word in part
    ]
    exact = [(k, p) for k, p in parts if owner in _names(_class_of(p))]
    parts = exact or parts
    taken = {name for _, p in exact for name in _arguments(_class_of(p))}
    places = [f'{key}.{word}' if key else word for key, _ in parts]
    prefix = _listed(places) or f'{word}: '
    # an argument of the model that a wrapper wraps, which is most like it
    inner = (
        f'{key}.{name}.{word}'
        for key, part in exact
        for name, child in part.items()
        if isinstance(child, dict) and word in _arguments(_class_of(child))
    )
    if word in taken:
        return (
            f'{prefix}{owner} takes no such argument, but a base class of it '
            'does: let its __init__ take **kwargs and hand them on'
        )
    close = next(inner, None) or nearest(word, taken)
    return f'{prefix}{owner} takes no such argument{_did_you_mean(close)}'


def _did_you_mean(close: str | None) -> str:
    return f'; did you mean {close}?' if close else ''


def _listed(places: list[str]) -> str:
    """Keys in front of a message; the same part may occur in two loaders."""
    return f'{", ".join(dict.fromkeys(places))}: ' if places else ''


def _registries() -> list[Registry]:
    return [r for r in vars(registries).values() if isinstance(r, Registry)]


def registered(name: str) -> list[str]:
    """What is registered, here and in the registries below.

    Args:
        name: Of the registry, 'model' or 'hook' for one.
    """
    names: set[str] = set()
    for registry in _registries():
        current = registry if registry.name == name else None
        while current is not None:
            current.import_from_location()
            names |= current.module_dict.keys()
            current = current.parent
    return sorted(names)


def _class_of(part: dict) -> Any:
    found = (class_of(part, registry) for registry in _registries())
    return next((k for k in found if k is not None), None)


def _names(kind: Any) -> set[str]:
    """Names of a class and its base classes, or of a function."""
    return {
        getattr(k, '__name__', '') for k in getattr(kind, '__mro__', [kind])
    }


def _arguments(kind: Any) -> set[str]:
    names: set[str] = set()
    for base in getattr(kind, '__mro__', [kind]):
        if base is not object and callable(base):
            try:
                names |= inspect.signature(base).parameters.keys()
            except (TypeError, ValueError):  # written in C
                continue
    return names - {'self', 'args', 'kwargs'}
