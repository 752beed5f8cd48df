"""Checkpoints of a model around another one, with the keys of that one."""

from collections.abc import Collection, MutableMapping
from functools import partial
from typing import Any

from torch import nn


def name_keys_as_child(module: nn.Module, child: str) -> None:
    """Let a module save and load the state dict of its child.

    Keys lose the child's name when they are saved, and get it when they are
    loaded; PyTorch and mmengine go both ways by these hooks.

    Args:
        module: The module. What it has beside the child keeps its keys.
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
    own = {*module._parameters, *module._buffers, *module._modules} - {child}
    _rename(state_dict, prefix, f'{prefix}{child}.', own)
    # PyTorch looks versions up in what the outermost module was given, which
    # its caller may load elsewhere, too: beside the others
    versions = getattr(state_dict, '_metadata', {})
    for name in [n for n in versions if n.partition('.')[0] != child]:
        versions[f'{child}.{name}'.rstrip('.')] = versions[name]


def _rename(
    entries: MutableMapping[str, Any],
    old: str,
    new: str,
    but: Collection[str] = (),
) -> None:
    """Exchange the beginning of keys, in their order.

    Args:
        entries: Changed in place.
        old, new: What keys begin with, and will.
        but: Names behind ``old`` that keep it.
    """
    keys = [
        key
        for key in entries
        if key.startswith(old)
        and key.removeprefix(old).partition('.')[0] not in but
    ]
    entries.update(
        {new + key.removeprefix(old): entries.pop(key) for key in keys}
    )
