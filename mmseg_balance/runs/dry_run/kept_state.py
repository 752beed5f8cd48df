"""What objectives keep of an iteration, which a resumed run would lack."""

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from torch import nn

from ...models.wrapped_segmentor import unwrapped

NOTHING = object()


@contextmanager
def noted_changes(model: nn.Module, lines: list[str]) -> Iterator[None]:
    """Around a training step: note what objectives keep of it.

    Parameters, buffers and modules are in checkpoints. Any other attribute
    is not, and a resumed run would go on without it, in silence.

    Args:
        model: The model, wrapped or not.
        lines: Is given a line for each objective that does.
    """
    objectives = list(getattr(unwrapped(model), 'objectives', ()))
    before = [_attributes(objective) for objective in objectives]
    yield
    for i, objective in enumerate(objectives):
        after = _attributes(objective)
        names = sorted(
            name
            for name in after
            if _differ(before[i].get(name, NOTHING), after[name])
        )
        if names:
            lines.append(
                f'model.objectives[{i}] {type(objective).__name__} keeps '
                f'{", ".join(names)} of one iteration until the next, which '
                'checkpoints do not have: a run that is resumed differs from '
                'one that is not. Draw or compute it anew in each, or make '
                'it a buffer (register_buffer)'
            )


def _attributes(objective: nn.Module) -> dict[str, Any]:
    """Without those of any module; containers as they are now."""
    own = vars(nn.Module()).keys()
    return {
        name: copy.copy(value)
        if isinstance(value, list | dict | set)
        else value
        for name, value in vars(objective).items()
        if name not in own
    }


def _differ(old: Any, new: Any) -> bool:
    if old is new or _holds_modules(new):
        return False
    if isinstance(old, list | dict) and type(old) is type(new):
        return _items(old) != _items(new)
    try:
        return bool(old != new)
    except (RuntimeError, TypeError, ValueError):  # tensors, arrays
        return True


def _items(container: list | dict) -> list[tuple[Any, int]]:
    """By identity, since tensors do not compare as a whole."""
    pairs = (
        container.items()
        if isinstance(container, dict)
        else enumerate(container)
    )
    return [(key, id(value)) for key, value in pairs]


def _holds_modules(value: Any) -> bool:
    """Whether it is a tuple in which an objective keeps what it shares."""
    return isinstance(value, tuple) and any(
        isinstance(item, nn.Module) for item in value
    )
