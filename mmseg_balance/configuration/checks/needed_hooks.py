"""The hooks that a model depends on: added where missing, once each."""

import inspect
from collections import Counter
from collections.abc import Iterator
from typing import Any

from mmengine.config import Config
from mmseg.registry import HOOKS, MODELS

from ...errors import UserValueError
from ...models.losses import CountedLoss, LBWLoss
from ...models.uda import DACS, UDASegmentor
from ..walk import dicts_in, type_name

PACKAGE = __package__.partition('.')[0]


def add_needed_hooks(cfg: Config) -> list[str]:
    """Add the hooks that the model cannot be trained without.

    A list in a config replaces that of its base files, so whoever adds a
    hook of their own loses ours.

    Args:
        cfg: Config of a training run; ``custom_hooks`` is changed.

    Returns:
        A line for each hook that was added.
    """
    present = list(cfg.get('custom_hooks') or ())
    names = {_own_name(hook) for hook in present}
    added = {k: v for k, v in needed_hooks(cfg.model) if k not in names}
    if added:
        cfg.custom_hooks = [*(dict(type=name) for name in added), *present]
    return [
        f"custom_hooks lacks {name}: dict(type='{name}') is added, since "
        f'model has {reason}'
        for name, reason in added.items()
    ]


def needed_hooks(model: dict) -> Iterator[tuple[str, str]]:
    """Hooks without which a model would silently train something else.

    Args:
        model: Config of the model.

    Yields:
        Type of the hook, and what of the model needs it.
    """
    if is_uda_model(model):
        yield (
            'IterationSeedHook',
            'draws in its steps, which a resumed run would not repeat',
        )
    if has_teacher(model):
        yield (
            'TeacherUpdateHook',
            'a teacher, which would stay at its initial weights',
        )
    for part in dicts_in(model):
        if type_name(part) == 'BLDALoss':
            yield (
                'GMMUpdateHook',
                'a loss of type BLDALoss, whose mixtures would never be '
                'fitted',
            )
        elif needs_class_statistics(part):
            yield (
                'ClassStatisticsHook',
                f'a loss of type {type_name(part)}, whose class statistics '
                'would never be read or updated',
            )


def check_copies(cfg: Config) -> None:
    """Refuse a hook of this package that is there twice.

    Each copy would move the teacher, or update the mixtures, once more in
    every iteration.

    Args:
        cfg: Config with ``custom_hooks`` and ``default_hooks``.

    Raises:
        ValueError: Names the hook and the keys.
    """
    keyed = [
        (f'custom_hooks[{i}]', hook)
        for i, hook in enumerate(cfg.get('custom_hooks') or ())
    ]
    defaults = cfg.get('default_hooks') or {}
    keyed += [(f'default_hooks.{k}', hook) for k, hook in defaults.items()]
    ours = [(key, _own_name(hook)) for key, hook in keyed]
    for name, count in Counter(name for _, name in ours).items():
        if name is not None and count > 1:
            places = [key for key, other in ours if other == name]
            raise UserValueError(
                f'{" and ".join(places)} are both {name}, which would act '
                f'{count} times in each iteration: leave one of them'
            )


def is_uda_model(model: dict) -> bool:
    """Whether a config is of a ``UDASegmentor``.

    Args:
        model: Config of the model.
    """
    kind = _class_of(model)
    return isinstance(kind, type) and issubclass(kind, UDASegmentor)


def has_teacher(model: dict) -> bool:
    """Whether a model config builds a teacher.

    Args:
        model: Config of the model.

    Returns:
        True for DACS and the methods that are made of it, and for other UDA
        models whose ``alpha``, the teacher's momentum, is a number, given or
        by default.
    """
    if not is_uda_model(model):
        return False
    kind = _class_of(model)
    if issubclass(kind, DACS):
        return True
    default = inspect.signature(kind).parameters.get('alpha')
    alpha = model.get('alpha', default and default.default)
    return isinstance(alpha, (int, float))


def needs_class_statistics(config: dict) -> bool:
    """Whether a config is of a loss that ``ClassStatisticsHook`` serves.

    Args:
        config: Any dict in the config of a model.
    """
    kind = _class_of(config)
    if isinstance(config.get('counts'), (list, tuple)):
        return False  # they are given
    return isinstance(kind, type) and issubclass(kind, (CountedLoss, LBWLoss))


def _class_of(config: dict) -> Any:
    """What a config's ``type`` stands for in the registry of models."""
    kind = config.get('type')
    return MODELS.get(kind) if isinstance(kind, str) else kind


def _own_name(hook: Any) -> str | None:
    """Name of the hook of this package that one is, or derives from."""
    kind = hook.get('type') if isinstance(hook, dict) else type(hook)
    if isinstance(kind, str):
        kind = HOOKS.get(kind)
    for base in getattr(kind, '__mro__', ()):
        if base.__module__.partition('.')[0] == PACKAGE:
            return base.__name__
    return None
