"""Optimizers in a config."""

from mmengine.config import Config

from ..walk import dicts_in, type_name

__all__ = ['dicts_in', 'named_optimizers', 'type_name']


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
