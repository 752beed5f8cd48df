"""What a config leaves open, settled before anything is built."""

from collections.abc import Iterable

from mmengine.config import Config

from ...models.declarations import declared
from ..run_options import add_hook
from ..vis_backends import check_vis_backends
from .needed_hooks import add_needed_hooks, check_copies
from .parts import check_parts
from .runner_keys import check_runner, set_compile, unread_keys


def settle_config(cfg: Config, options: Iterable[str] = ()) -> list[str]:
    """Refuse what nothing here can run, and fill in what a model needs.

    Args:
        cfg: Config of a training run, changed in place.
        options: Dotted keys of ``--cfg-options``.

    Returns:
        Lines for the user: keys that nothing reads, hooks that were added.

    Raises:
        ValueError: A runner, strategy, option of ``compile`` or copy of a
            hook that cannot work, or a part of ``_base_`` that is not in
            use; names the key.
        ImportError: A visualizer's backend lacks its package.
    """
    check_runner(cfg)
    check_parts(cfg)
    set_compile(cfg)
    check_copies(cfg)
    check_vis_backends(cfg)
    # others look at their losses themselves
    if not declared(cfg.model, 'checks_losses'):
        add_hook(cfg, 'FiniteLossHook')
    return [*unread_keys(cfg, options), *add_needed_hooks(cfg)]
