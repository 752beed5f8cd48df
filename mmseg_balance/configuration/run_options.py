"""What options of a command line change in a config."""

from typing import Any

from mmengine.config import Config
from mmengine.device import get_device
from mmengine.registry import OPTIM_WRAPPERS

from ..errors import UserValueError
from ..files.config_walk import class_of, type_name

MIXED = 'mixed_precision'


def optimizer_configs(cfg: Config) -> dict[str, dict]:
    """Configs of several optimizers by name; empty where there is one.

    Args:
        cfg: Config with ``optim_wrapper``.
    """
    return {
        name: part
        for name, part in cfg.optim_wrapper.items()
        if isinstance(part, dict) and 'optimizer' in part
    }


named_optimizers = optimizer_configs  # its name in 0.1.0


def enable_amp(cfg: Config) -> None:
    """Train in mixed precision: what ``--amp`` of mmseg-balance train does.

    float16 with a dynamic loss scale on an accelerator, bfloat16 on the CPU;
    and what a wrapper says itself (``mixed_precision``), bfloat16 on both for
    ``SAMOptimWrapper``.

    Args:
        cfg: Config to change: the type of ``optim_wrapper``, or of each in
            it where there are several.

    Raises:
        ValueError: ``optim_wrapper`` is of a type that mixed precision
            cannot be added to.
    """
    several = optimizer_configs(cfg)
    if not several:
        _enable_amp(cfg.optim_wrapper, 'optim_wrapper')
    for name, optim_wrapper in several.items():
        _enable_amp(optim_wrapper, f'optim_wrapper.{name}')


def _enable_amp(optim_wrapper: dict, key: str) -> None:
    kind = optim_wrapper.get('type', 'OptimWrapper')
    own = getattr(class_of(optim_wrapper, OPTIM_WRAPPERS), MIXED, None)
    if own is not None:  # a wrapper says itself what to set
        optim_wrapper.update(own)
        return
    on_cpu = get_device() == 'cpu'
    wanted = 'AutocastOptimWrapper' if on_cpu else 'AmpOptimWrapper'
    if kind == wanted:
        return
    if kind not in ('OptimWrapper', 'AmpOptimWrapper', 'AutocastOptimWrapper'):
        raise UserValueError(
            f'--amp found {key}.type={kind!r}, expected '
            "'OptimWrapper': drop --amp, or set mixed precision in the config"
        )
    optim_wrapper.type = wanted
    if on_cpu:
        for setting in ('loss_scale', 'dtype', 'use_fsdp'):
            optim_wrapper.pop(setting, None)
    else:
        optim_wrapper.loss_scale = 'dynamic'


def add_hook(cfg: Config, kind: str, **settings: Any) -> None:
    """Add a hook; one of its type that the config has is given the settings.

    Args:
        cfg: Config to change: ``custom_hooks``.
        kind: Type of the hook.
        **settings: Of the hook, where they are not those that it has.
    """
    hooks = list(cfg.get('custom_hooks') or ())
    defaults = (cfg.get('default_hooks') or {}).values()
    found = [h for h in (*hooks, *defaults) if type_name(h) == kind]
    for hook in found:
        hook.update(settings)
    if not found:
        cfg.custom_hooks = [*hooks, dict(type=kind, **settings)]
