"""What differs between the settings of two runs, key by key."""

import ast
import os
import reprlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from mmengine.config import Config
from mmseg.registry import HOOKS

from ...files.config_walk import class_of

RANKS_KEY = 'num_ranks'
BATCH_KEY = 'train_dataloader.batch_size'
# no number depends on them: where and how a run writes, how data is loaded
WITHOUT_EFFECT = (
    *('work_dir', 'launcher', 'resume', 'log_level', 'log_processor'),
    *('visualizer', 'vis_backends', 'env_cfg', 'default_scope'),
    *('custom_imports', 'experiment_name', 'model_wrapper_cfg', 'provenance'),
    *('default_hooks', 'train_cfg.val_interval', 'find_unused_parameters'),
    *('train_cfg.dynamic_intervals', '*.num_workers', '*.pin_memory'),
    *('*.persistent_workers', '*.prefetch_factor', '*.backend_args'),
    *('*.with_cp', '*.kernels', 'local_rank', 'dry_run'),
    'custom_hooks.EmptyCacheHook',
    'source_test_pipeline',  # of `logits fit`, which notes what it takes
    '*.on_bad_image',  # a choice of week two; the log counts what it skipped
)
OF_EVALUATION = ('val_*', 'test_*', 'tta_*')
# where something lies; the same files may lie elsewhere
PLACES = (
    *('*.data_root', '*.stats_dir', '*.init_cfg.checkpoint'),
    *('*.pretrained', '*.statistics', 'data_root'),
)
PATHS = ('*.data_prefix.*', '*.ann_file', '*.translated_root')
MISSING = '(not set)'
# what the text of a config consists of
PLAIN_NODES = (
    *(ast.Module, ast.Assign, ast.Store, ast.Load, ast.Constant, ast.Dict),
    *(ast.List, ast.Tuple, ast.Set, ast.UnaryOp, ast.USub, ast.Call),
    ast.keyword,
)


@dataclass(frozen=True)
class Change:
    """A key of two configs that differs.

    Attributes:
        key: Dotted key; a hook of ``custom_hooks`` by its type.
        old: Value of the first config, ``MISSING`` where it has none.
        new: Value of the second config, likewise.
    """

    key: str
    old: Any
    new: Any

    @property
    def is_place(self) -> bool:
        """Whether it says where files lie, not what is done with them."""
        if _matches(self.key, PLACES):
            return True
        if self.key == 'load_from':  # another file is another start
            names = {os.path.basename(str(v)) for v in (self.old, self.new)}
            return len(names) == 1
        return _matches(self.key, PATHS) and any(
            isinstance(value, str) and os.path.isabs(value)
            for value in (self.old, self.new)
        )

    def __str__(self) -> str:
        return f'{self.key} was {_shown(self.old)}, is {_shown(self.new)}'


def changed_settings(
    old: Config | Mapping, new: Config | Mapping, evaluation: bool = False
) -> list[Change]:
    """Keys of two configs that differ and that a result depends on.

    The same number of images over another number of ranks is no change: see
    ``RANKS_KEY``, which mmseg-balance train writes into the checkpoints.

    Args:
        old: Config that something was made with.
        new: Config of now.
        evaluation: Whether keys of validation and test count too.

    Returns:
        The changes, in the order of the keys.
    """
    left_out = WITHOUT_EFFECT + (() if evaluation else OF_EVALUATION)
    if any(cfg.get('resume') for cfg in (old, new)):
        left_out += ('load_from',)  # the checkpoint that it went on from
    trees = [_by_hook(dict(cfg)) for cfg in (old, new)]
    left_out += tuple(
        f'custom_hooks.{name}'
        for tree in trees
        for name, hook in tree['custom_hooks'].items()
        if _has_no_effect(hook)
    )
    changes = [
        change
        for change in _differences('', *trees)
        if not _matches(change.key, left_out)
    ]
    sizes = [_total_batch(cfg) for cfg in (old, new)]
    if None in sizes:  # written before the number of ranks was
        changes = [c for c in changes if c.key != RANKS_KEY]
    elif sizes[0] == sizes[1]:
        changes = [c for c in changes if c.key not in (RANKS_KEY, BATCH_KEY)]
    return sorted(changes, key=lambda change: change.key)


def settings_of(meta: Mapping[str, Any]) -> Config | None:
    """The config that a checkpoint was trained with.

    Its text is Python, of which values and calls of ``dict`` alone are run:
    a checkpoint may come from anywhere.

    Args:
        meta: Meta data of the checkpoint.

    Returns:
        The config; None where there is none that can be read, as in a
        checkpoint of another place or version.
    """
    text = meta.get('cfg')
    if not isinstance(text, str) or not text:
        return None
    try:
        tree = ast.parse(text)
        if not all(map(_is_value, ast.walk(tree))):
            return None
        settings: dict[str, Any] = {}
        names = dict(__builtins__={}, dict=dict)
        exec(compile(tree, 'meta', 'exec'), names, settings)  # noqa: S102
        return Config(settings)
    except Exception:  # noqa: BLE001  (whatever a foreign config leads to)
        return None


def _is_value(node: ast.AST) -> bool:
    """Whether a node of Python code is of an assignment of plain values."""
    if isinstance(node, ast.Name):
        return isinstance(node.ctx, ast.Store) != (node.id == 'dict')
    return isinstance(node, PLAIN_NODES)


def _differences(key: str, old: Any, new: Any) -> Iterator[Change]:
    """Changes below a key; what is a dict or list in both is gone into."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for name in [*old, *(n for n in new if n not in old)]:
            inner = f'{key}.{name}' if key else str(name)
            yield from _differences(
                inner, old.get(name, MISSING), new.get(name, MISSING)
            )
    elif (
        isinstance(old, (list, tuple))
        and isinstance(new, (list, tuple))
        and len(old) == len(new)
        and any(isinstance(value, Mapping) for value in (*old, *new))
    ):
        for i, pair in enumerate(zip(old, new, strict=True)):
            yield from _differences(f'{key}.{i}', *pair)
    elif _plain(old) != _plain(new):
        yield Change(key, old, new)


def _by_hook(cfg: dict) -> dict:
    """A config whose custom hooks have names in place of numbers."""
    hooks = cfg.get('custom_hooks') or []
    named: dict[str, Any] = {}
    for hook in hooks:
        kind = hook.get('type') if isinstance(hook, Mapping) else hook
        kind = kind if isinstance(kind, str) else type(kind).__name__
        name = next(
            n
            for n in (kind, *(f'{kind}#{i}' for i in range(2, 99)))
            if n not in named
        )
        named[name] = hook
    return cfg | dict(custom_hooks=named)


def _has_no_effect(hook: Any) -> bool:
    """Whether a hook says that no number depends on it."""
    kind = class_of(hook, HOOKS) if isinstance(hook, Mapping) else hook
    return getattr(kind, 'without_effect', False)


def _total_batch(cfg: Mapping) -> int | None:
    ranks = cfg.get(RANKS_KEY)
    batch = (cfg.get('train_dataloader') or {}).get('batch_size')
    return None if None in (ranks, batch) else ranks * batch


def _matches(key: str, patterns: tuple[str, ...]) -> bool:
    """Whether a key, or one above it, is of the patterns."""
    parts = key.split('.')
    above = ['.'.join(parts[: i + 1]) for i in range(len(parts))]
    return any(fnmatchcase(a, p) for a in above for p in patterns)


def _plain(value: Any) -> Any:
    """A value in which lists and tuples are the same."""
    if isinstance(value, Mapping):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(inner) for inner in value]
    return value


def _shown(value: Any) -> str:
    if value is MISSING:
        return MISSING
    short = reprlib.Repr()
    short.maxstring = short.maxother = 300
    short.maxlevel = 3
    return short.repr(value.to_dict() if hasattr(value, 'to_dict') else value)
