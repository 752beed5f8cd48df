"""Top-level keys of a config: which are read, and by what."""

import ast
import inspect
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from mmengine.config import Config
from mmengine.runner import FlexibleRunner, Runner
from mmseg.registry import RUNNERS

from ...errors import UserValueError
from ..typos import nearest

# what mmengine's runner asks its config for, beside its own arguments
ASKED = (
    'activation_checkpointing',
    'compile',
    'custom_imports',
    'efficient_conv_bn_eval',
    'find_unused_parameters',
    'model_wrapper_cfg',
    'runner_type',
    'strategy',
    'sync_bn',
)
# what mmseg's tools and APIs, and those of this package, ask for
ASKED_BY_TOOLS = (
    'tta_model',
    'dataset_type',
    'data_root',
    'vis_backends',
    'dry_run',
    'first_stage',
    'translation',
)
# variables of mmseg's base files that stand in no other key as they are
HELPERS = ('crop_size', 'img_ratios')
# keys of MMSegmentation 0.x, and what took their place
OLD_KEYS = {
    'checkpoint_config': 'default_hooks.checkpoint',
    'data': 'train_dataloader, val_dataloader and test_dataloader',
    'evaluation': 'train_cfg.val_interval and val_evaluator',
    'fp16': '--amp',
    'log_config': 'default_hooks.logger and visualizer',
    'lr_config': 'param_scheduler',
    'optimizer_config': 'optim_wrapper.clip_grad',
    'resume_from': '--resume',
    'runner': 'train_cfg',
    'seed': 'randomness.seed',
    'total_iters': 'train_cfg.max_iters',
    'workflow': 'train_cfg.val_interval',
}


def check_runner(cfg: Config) -> None:
    """Refuse runners and strategies that would not train what is asked for.

    Args:
        cfg: Config of a training run.

    Raises:
        ValueError: ``runner_type`` is not a subclass of mmengine's
            ``Runner``, or there is a ``strategy``.
    """
    instead = (
        'for several GPUs there is mmseg-balance train --gpus N, for memory '
        '--amp, backbone.with_cp=True and optim_wrapper.accumulative_counts'
    )
    name = cfg.get('runner_type')
    if name is not None:
        kind = RUNNERS.get(name)
        if kind is None or not issubclass(kind, Runner):
            raise UserValueError(
                f'runner_type is {name!r}, expected a subclass of Runner'
                + (
                    ': its strategies (DeepSpeed, FSDP, ColossalAI) hold one '
                    'forward and backward pass a step, a method here has '
                    f'several. Remove runner_type and strategy; {instead}'
                    if kind is FlexibleRunner
                    else ', registered in RUNNERS'
                )
            )
    if cfg.get('strategy') is not None:
        raise UserValueError(
            f'strategy is {dict(cfg.strategy)}, which FlexibleRunner alone '
            f'reads: remove it; {instead}'
        )


def set_compile(cfg: Config) -> None:
    """Take mmengine's ``compile`` for ``--compile``.

    mmengine compiles ``train_step``, whose optimizers and logs torch's
    compiler cannot follow; ``CompileHook`` compiles the networks.

    Args:
        cfg: Config of a training run; ``compile`` is removed, and
            ``custom_hooks`` has a ``CompileHook`` where it was set.

    Raises:
        ValueError: An option that ``CompileHook`` has not.
    """
    options = cfg.pop('compile', None)
    if not options and not isinstance(options, dict):
        return
    options = dict(options) if isinstance(options, dict) else {}
    taken = ('mode', 'dynamic', 'backend')
    unknown = sorted(set(options) - set(taken))
    if unknown:
        raise UserValueError(
            f'compile has the options {unknown}, expected some of {taken}, '
            'those of CompileHook, which compiles the networks: remove them'
        )
    hooks = [
        hook
        for hook in cfg.get('custom_hooks') or ()
        if hook.get('type') != 'CompileHook'
    ]
    cfg.custom_hooks = [*hooks, dict(type='CompileHook', **options)]


def unread_keys(cfg: Config, options: Iterable[str] = ()) -> list[str]:
    """Lines on top-level keys that nothing reads.

    Variables that the config file itself uses (``**data``, ``2 * iters``),
    or whose value stands in a key that is read, have done their work, and
    are not named; nor are those of base files, which many of
    MMSegmentation's leave behind.

    Args:
        cfg: Config of a training run.
        options: Dotted keys of ``--cfg-options``.

    Returns:
        A line for each slip of the pen and each key of MMSegmentation 0.x,
        and one line for the rest.
    """
    known = runner_keys()
    read = known | {*ASKED_BY_TOOLS, *HELPERS}
    used = {
        _frozen(value)
        for key in read & cfg._cfg_dict.keys()
        for value in _values(cfg._cfg_dict[key])
    }
    own, taken = _names(cfg)
    changed = {option.split('.')[0] for option in options}
    lines, rest = [], []
    for key, value in cfg._cfg_dict.items():
        is_container = isinstance(value, (dict, list, tuple))
        is_used = _frozen(value) in used
        if key in read or key.endswith('_pipeline'):
            continue
        if key in taken - changed:
            continue
        if is_used and is_container:
            continue
        close = nearest(key, known)
        if close:
            lines.append(f'{key} is read by nothing; did you mean {close}?')
        elif is_used:
            continue
        elif key in OLD_KEYS:
            lines.append(
                f'{key} is a key of MMSegmentation 0.x and read by nothing: '
                f'see {OLD_KEYS[key]}'
            )
        elif key in own | changed:
            rest.append(key)
    if rest:
        lines.append(
            f'nothing reads {", ".join(rest)} of the config; a variable of a '
            'base file has done its work when that file was read: set the '
            'key that it stands in'
        )
    return lines


def runner_keys() -> set[str]:
    """Top-level keys that mmengine's runner reads."""
    arguments = inspect.signature(Runner.__init__).parameters.keys()
    return {*arguments, *ASKED} - {'self', 'cfg'}


def _names(cfg: Config) -> tuple[set[str], set[str]]:
    """Names that the config file itself sets, and those that it uses."""
    unknown = set(cfg._cfg_dict), set()
    if cfg.filename is None:
        return unknown
    try:
        tree = ast.parse(Path(cfg.filename).read_text(encoding='utf-8'))
    except (OSError, SyntaxError, ValueError):  # not Python, or gone
        return unknown
    names = [node for node in ast.walk(tree) if isinstance(node, ast.Name)]
    own = {node.id for node in names if isinstance(node.ctx, ast.Store)}
    return own, {node.id for node in names if isinstance(node.ctx, ast.Load)}


def _values(config: Any) -> Iterator[Any]:
    yield config
    if isinstance(config, dict):
        config = list(config.values())
    if isinstance(config, (list, tuple)):
        for value in config:
            yield from _values(value)


def _frozen(value: Any) -> str:
    """Text that is equal for equal values, lists and tuples alike."""
    if isinstance(value, dict):
        pairs = sorted((str(k), _frozen(v)) for k, v in value.items())
        return f'{{{pairs}}}'
    if isinstance(value, (list, tuple)):
        return f'[{[_frozen(v) for v in value]}]'
    return repr(value)
