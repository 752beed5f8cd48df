"""Checkpoints of a model around another one, with the keys of that one."""

from collections.abc import MutableMapping
from functools import partial
from typing import Any

from torch import nn


def name_keys_as_child(module: nn.Module, child: str) -> None:
    """Let a module save and load the state dict of its only child.

    Keys lose the child's name when they are saved, and get it when they are
    loaded; PyTorch and mmengine go both ways by these hooks.

    Args:
        module: A module without parameters and buffers of its own.
        child: Name of the child.
    """
    module.register_state_dict_post_hook(partial(_without, child=child))
    module.register_load_state_dict_pre_hook(partial(_with, child=child))


def _without(
    module: nn.Module, state_dict: Any, prefix: str, _: dict, *, child: str
) -> None:
    _rename(state_dict, f'{prefix}{child}.', prefix)
    # versions of modules, by their names without a dot at the end
    versions = getattr(state_dict, '_metadata', {})
    if f'{prefix}{child}' in versions:
        versions[prefix[:-1]] = versions.pop(f'{prefix}{child}')
    _rename(versions, f'{prefix}{child}.', prefix)


def _with(
    module: nn.Module, state_dict: Any, prefix: str, *_: Any, child: str
) -> None:
    _rename(state_dict, prefix, f'{prefix}{child}.')


def _rename(entries: MutableMapping[str, Any], old: str, new: str) -> None:
    """Exchange the beginning of keys, in their order."""
    keys = [key for key in entries if key.startswith(old)]
    entries.update(
        {new + key.removeprefix(old): entries.pop(key) for key in keys}
    )
