"""Parts under ``configs/_base_`` that a config names, but does not take."""

from typing import Any

from mmengine.config import Config

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
}


def check_parts(cfg: Config) -> None:
    """Refuse a config that has a part which is nowhere in use.

    A file of ``_base_/balance`` or ``_base_/uda`` holds a part of ``model``
    or ``custom_hooks`` under a name of its own, since two base files may not
    set one key. A config that lists the file and forgets the line that puts
    the part in place would be trained without it.

    Args:
        cfg: Config of a training run.

    Raises:
        ValueError: Names the keys, and the lines that are missing.
    """
    left = [key for key in PLACES if _is_left(cfg, key)]
    if not left:
        return
    lines = ' and '.join(PLACES[key][1] for key in left)
    raise ValueError(
        f'{" and ".join(left)}, of a file that _base_ names, '
        f'{"is" if len(left) == 1 else "are"} not in '
        f'{" and ".join(dict.fromkeys(PLACES[key][0] for key in left))}, and '
        f'training would go without: write {lines} in the config that '
        'names the file (see configs/README.md), or take the file out'
    )


def _is_left(cfg: Config, key: str) -> bool:
    part = cfg.get(key)
    if not isinstance(part, (dict, list)):
        return False  # a variable of the user's, by chance of this name
    place = cfg
    for name in PLACES[key][0].split('.'):
        place = place.get(name) if hasattr(place, 'get') else None
    return not _is_in(part, place)


def _is_in(part: Any, place: Any) -> bool:
    """Whether all keys and types of a part are there; numbers may differ."""
    if isinstance(part, dict):
        return isinstance(place, dict) and all(
            key in place
            and (value == place[key] or key != 'type')
            and _is_in(value, place[key])
            for key, value in part.items()
        )
    if isinstance(part, list) and all(isinstance(p, dict) for p in part):
        found = place if isinstance(place, list) else []
        return all(any(_is_in(p, other) for other in found) for p in part)
    return True
