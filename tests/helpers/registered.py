"""Classes that a test registers, and takes back."""

import sys

from mmseg.registry import HOOKS, MODELS


def forget(module: str) -> None:
    """Forget a module, and the models and hooks that it registered."""
    sys.modules.pop(module, None)
    for registry in (MODELS, HOOKS):
        for name, kind in list(registry.module_dict.items()):
            if kind.__module__ == module:
                del registry.module_dict[name]
