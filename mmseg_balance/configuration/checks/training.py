"""Parts of a config that need each other, checked before anything is built."""

from mmengine.config import Config

from ...errors import UserValueError
from ...files.config_walk import type_name
from ...models.declarations import declared
from ..run_options import optimizer_configs


def check_config(cfg: Config) -> None:
    """Run every check of this file.

    Args:
        cfg: Config of a training run.

    Raises:
        ValueError: A check failed; names the key, what was found, and the
            line to add.
    """
    check_trainable(cfg)
    check_schedulers(cfg)
    check_save_best(cfg)


def check_trainable(cfg: Config) -> None:
    """Refuse to train a model that is for tests alone.

    Args:
        cfg: Config with ``model``.

    Raises:
        ValueError: The class of the model says that it is ``not_trainable``.
    """
    reason = declared(cfg.model, 'not_trainable')
    if reason is not None:
        raise UserValueError(
            f'model.type is {type_name(cfg.model)}, which {reason}'
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
    wanted = optimizer_configs(cfg)
    if sorted(schedulers) != sorted(wanted):
        expected = f'the keys {sorted(wanted)}' if wanted else 'a list'
        raise UserValueError(
            f'param_scheduler has the keys {sorted(schedulers)}, expected '
            f'{expected}, as optim_wrapper has '
            + ('optimizers of these names' if wanted else 'one optimizer')
        )


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
            raise UserValueError(
                f'default_hooks.checkpoint has save_best={key!r} with '
                f"rule={rule!r}, but a smaller std is better: set rule='less' "
                '(or a list with one rule for each key of save_best)'
            )
