"""Parts under ``configs/_base_`` that a config names, but does not take."""

from typing import Any

from mmengine.config import Config

from ...errors import UserValueError

# key of a part, where it belongs, and the line that puts it there
PLACES = {
    'uda_model': ('model', "model = _base_.pop('uda_model')"),
    'balance_model': ('model', "model = _base_.pop('balance_model')"),
    'uda_hooks': (
        'custom_hooks',
        "custom_hooks = _base_.custom_hooks + _base_.pop('uda_hooks')",
    ),
    'balance_hooks': (
        'custom_hooks',
        "custom_hooks = _base_.custom_hooks + _base_.pop('balance_hooks')",
    ),
    'balance_sampling': (
        'train_dataloader.dataset.rare_class_sampling',
        'train_dataloader = dict(dataset=dict(rare_class_sampling='
        "_base_.pop('balance_sampling')))",
    ),
    'source_style': (
        'train_dataloader.dataset.source.pipeline',
        "_base_.source_pipeline.insert(-3, _base_.pop('source_style')) and "
        'train_dataloader = dict(dataset=dict(source=dict('
        'pipeline=_base_.source_pipeline)))',
    ),
    'pair_train': (
        'train_dataloader.dataset',
        "train_dataloader = dict(dataset=_base_.pop('pair_train'))",
    ),
    'pair_source': (
        'train_dataloader.dataset.source',
        'train_dataloader = dict(dataset=dict(source='
        "_base_.pop('pair_source')))",
    ),
    'pair_val': (
        'val_dataloader.dataset',
        "val_dataloader = dict(dataset=_base_.pop('pair_val'))",
    ),
    'pair_evaluator': (
        'val_evaluator',
        "val_evaluator = _base_.pop('pair_evaluator')",
    ),
}
# what decides which part it is; numbers may be changed later
KINDS = ('type', 'data_root', 'headline')
SETS = (
    'train_dataloader.dataset.source',
    'train_dataloader.dataset.target',
    'val_dataloader.dataset',
)


def check_parts(cfg: Config) -> None:
    """Refuse a config that has a part which is nowhere in use.

    Files of ``_base_/balance``, ``_base_/uda``, ``_base_/styles`` and
    ``_base_/datasets/pair_*`` hold parts of ``model``, ``custom_hooks`` and
    the loaders under names of their own, since two base files may not set one
    key. A config that lists such a file and forgets the line that puts the
    part in place would be trained without it.

    Args:
        cfg: Config of a training run.

    Raises:
        ValueError: Names the keys, and the lines that are missing; or the
            loader to which no data set was given.
    """
    left = [key for key in PLACES if _is_left(cfg, key)]
    if left:
        lines = ' and '.join(PLACES[key][1] for key in left)
        places = dict.fromkeys(PLACES[key][0] for key in left)
        raise UserValueError(
            f'{" and ".join(left)}, of a file that _base_ names, '
            f'{"is" if len(left) == 1 else "are"} not in '
            f'{" and ".join(places)}, and training would go without: write '
            f'{lines} in the config that names the file (see '
            'configs/README.md), or take the file out'
        )
    for key in SETS:
        for place, config in _each(_at(cfg, key), key):
            if not isinstance(config, dict) or 'type' in config:
                continue
            raise UserValueError(
                f'{place} has no type: set type, data_root and data_prefix of '
                'the data set there (see configs/README.md, "Two data sets '
                'of your own")'
            )


def _each(value: Any, key: str) -> list[tuple[str, Any]]:
    """A value and its key; of a list, each of its items."""
    if not isinstance(value, list | tuple):
        return [(key, value)]
    return [(f'{key}[{i}]', item) for i, item in enumerate(value)]


def _is_left(cfg: Config, key: str) -> bool:
    part = cfg.get(key)
    if not isinstance(part, (dict, list)):
        return False  # a variable of the user's, by chance of this name
    return not _is_in(part, _at(cfg, PLACES[key][0]))


def _at(cfg: Config, key: str) -> Any:
    """Value of a dotted key; None where there is none.

    Behind a list, as that of several sources, those of all its items.
    """
    name, _, rest = key.partition('.')
    if isinstance(cfg, list | tuple):
        return [_at(item, key) for item in cfg]
    value = cfg.get(name) if isinstance(cfg, (dict, Config)) else None
    return _at(value, rest) if rest else value


def _is_in(part: Any, place: Any) -> bool:
    """Whether a part is there, whatever its numbers are now."""
    if isinstance(part, dict) and isinstance(place, list | tuple):
        return any(_is_in(part, other) for other in place)  # several sources
    if isinstance(part, dict):
        return isinstance(place, dict) and all(
            key in place
            and (value == place[key] or key not in KINDS)
            and _is_in(value, place[key])
            for key, value in part.items()
        )
    if isinstance(part, list) and all(isinstance(p, dict) for p in part):
        found = place if isinstance(place, list | tuple) else []
        return all(any(_is_in(p, other) for other in found) for p in part)
    return True
