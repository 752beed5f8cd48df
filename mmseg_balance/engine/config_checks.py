"""Parts of a config that need each other, checked before anything is built."""

import inspect
from collections.abc import Iterator
from typing import Any

from mmengine.config import Config
from mmseg.registry import MODELS

from mmseg_balance.models.losses import CountedLoss, LBWLoss
from mmseg_balance.models.uda import DACS, UDASegmentor


def check_config(cfg: Config) -> None:
    """Run every check of this file.

    Args:
        cfg: Config of a training run.

    Raises:
        ValueError: A check failed; names the key, what was found, and the
            line to add.
    """
    check_trainable(cfg)
    check_hooks(cfg)
    check_schedulers(cfg)
    check_save_best(cfg)


def check_trainable(cfg: Config) -> None:
    """Refuse to train a model that is for tests alone.

    Args:
        cfg: Config with ``model``.

    Raises:
        ValueError: The model is a PostHocSegmentor.
    """
    if type_name(cfg.model) == 'PostHocSegmentor':
        raise ValueError(
            'model.type is PostHocSegmentor, which balances what is trained '
            'already: train with the config of its segmentor, and give this '
            'one and the checkpoint to tools/test.py'
        )


def check_hooks(cfg: Config) -> None:
    """Refuse a model whose state no hook would ever update.

    Args:
        cfg: Config with ``model`` and ``custom_hooks``.

    Raises:
        ValueError: The model has a BLDALoss and ``custom_hooks`` no
            GMMUpdateHook, a teacher and no TeacherUpdateHook, or a loss
            with class statistics and no ClassStatisticsHook.
    """
    hooks = [type_name(h) for h in cfg.get('custom_hooks') or ()]
    needed = []
    if any(type_name(part) == 'BLDALoss' for part in dicts_in(cfg.model)):
        needed.append(
            (
                'GMMUpdateHook',
                'a loss of type BLDALoss, whose '
                'mixtures would never be fitted',
            )
        )
    if has_teacher(cfg.model):
        needed.append(
            (
                'TeacherUpdateHook',
                'a teacher, which would stay at its initial weights',
            )
        )
    for part in dicts_in(cfg.model):
        if needs_class_statistics(part):
            needed.append(
                (
                    'ClassStatisticsHook',
                    f'a loss of type {type_name(part)}, whose class '
                    'statistics would never be read or updated',
                )
            )
    for hook, reason in needed:
        if hook not in hooks:
            raise ValueError(
                f'custom_hooks is {hooks}, but model has {reason}: add '
                f"dict(type='{hook}') to custom_hooks"
            )


def check_schedulers(cfg: Config) -> None:
    """Refuse schedulers of other optimizers than there are.

    Args:
        cfg: Config with ``optim_wrapper`` and ``param_scheduler``.

    Raises:
        ValueError: ``param_scheduler`` is a dict by optimizer whose keys
            are not those of ``optim_wrapper``.
    """
    schedulers = cfg.get('param_scheduler')
    if not isinstance(schedulers, dict) or 'type' in schedulers:
        return
    wanted = named_optimizers(cfg)
    if sorted(schedulers) != sorted(wanted):
        expected = f'the keys {sorted(wanted)}' if wanted else 'a list'
        raise ValueError(
            f'param_scheduler has the keys {sorted(schedulers)}, expected '
            f'{expected}, as optim_wrapper has '
            + ('optimizers of these names' if wanted else 'one optimizer')
        )


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


def check_save_best(cfg: Config) -> None:
    """Refuse to keep the checkpoint whose classes are the least balanced.

    mmengine takes each metric with "acc" in its name for one that should
    grow, and ``Acc_std`` should shrink.

    Args:
        cfg: Config with ``default_hooks.checkpoint``.

    Raises:
        ValueError: ``save_best`` names a std whose ``rule`` is not 'less'.
    """
    hook = cfg.get('default_hooks', {}).get('checkpoint') or {}
    keys, rules = hook.get('save_best'), hook.get('rule')
    keys = [keys] if isinstance(keys, str) else list(keys or ())
    rules = list(rules) if isinstance(rules, (list, tuple)) else [rules]
    rules = rules * len(keys) if len(rules) == 1 else rules
    for key, rule in zip(keys, rules, strict=False):
        if '_std' in key and rule != 'less':
            raise ValueError(
                f'default_hooks.checkpoint has save_best={key!r} with '
                f"rule={rule!r}, but a smaller std is better: set rule='less' "
                '(or a list with one rule for each key of save_best)'
            )


def needs_class_statistics(config: dict) -> bool:
    """Whether a config is of a loss that ``ClassStatisticsHook`` serves.

    Args:
        config: Any dict in the config of a model.
    """
    kind = _class_of(config)
    if isinstance(config.get('counts'), (list, tuple)):
        return False  # they are given
    return isinstance(kind, type) and issubclass(kind, (CountedLoss, LBWLoss))


def has_teacher(model: dict) -> bool:
    """Whether a model config builds a teacher.

    Args:
        model: Config of the model.

    Returns:
        True for DACS and the methods that are made of it, and for other UDA
        models whose ``alpha``, the teacher's momentum, is a number, given or
        by default.
    """
    kind = _class_of(model)
    if not (isinstance(kind, type) and issubclass(kind, UDASegmentor)):
        return False
    if issubclass(kind, DACS):
        return True
    default = inspect.signature(kind).parameters.get('alpha')
    alpha = model.get('alpha', default and default.default)
    return isinstance(alpha, (int, float))


def _class_of(config: dict) -> Any:
    """What a config's ``type`` stands for in the registry of models."""
    kind = config.get('type')
    return MODELS.get(kind) if isinstance(kind, str) else kind


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
