"""Values of a config that others would stumble over without their key."""

from collections.abc import Iterator
from typing import Any

from mmengine.config import Config
from mmseg.registry import OPTIMIZERS

from ...errors import UserValueError
from ...number_checks import is_number
from ..typos import nearest, registered

# smallest value of whole numbers; a key that is not there passes
WHOLE = {
    'train_cfg.max_iters': 1,
    'train_cfg.max_epochs': 1,
    'train_cfg.val_interval': 1,
    'default_hooks.checkpoint.interval': -1,
    'default_hooks.logger.interval': 1,
}
LOADERS = ('train_dataloader', 'val_dataloader', 'test_dataloader')


def check_numbers(cfg: Config) -> None:
    """Refuse words, negatives and fractions where a number is needed.

    And names of optimizers that are none.

    Args:
        cfg: Config of a training run.

    Raises:
        ValueError: Names the key, the value and what was expected.
    """
    for key, low in WHOLE.items():
        _check_whole(key, _find(cfg, key), low)
    for loader in LOADERS:
        for name, low in (('batch_size', 1), ('num_workers', 0)):
            key = f'{loader}.{name}'
            _check_whole(key, _find(cfg, key), low)
    for key, optimizer in _optimizers(cfg):
        _check_kind(f'{key}.type', optimizer.get('type'))
        key, value = f'{key}.lr', optimizer.get('lr', 0)
        if not is_number(value) or value < 0:
            raise UserValueError(
                f'{key} is {value!r}, expected a number of at least 0'
            )


def _check_whole(key: str, value: Any, low: int) -> None:
    if value is None:
        return
    whole = isinstance(value, int) and not isinstance(value, bool)
    if not whole or value < low:
        raise UserValueError(
            f'{key} is {value!r}, expected a whole number of at least {low}'
        )


def _check_kind(key: str, kind: Any) -> None:
    """A name that is unknown, of which mmengine says nothing."""
    if not isinstance(kind, str) or OPTIMIZERS.get(kind) is not None:
        return
    close = nearest(kind.split('.')[-1], registered(OPTIMIZERS.name))
    raise UserValueError(
        f'{key} is {kind!r}, which is not registered as an optimizer: '
        + (f'did you mean {close}? Else ' if close else '')
        + 'name its module in custom_imports.imports'
    )


def _optimizers(cfg: Config) -> Iterator[tuple[str, dict]]:
    """Keys and configs of the optimizers."""
    wrapper = cfg.get('optim_wrapper')
    if not isinstance(wrapper, dict):
        return
    parts = {'optim_wrapper': wrapper}
    parts |= {f'optim_wrapper.{name}': x for name, x in wrapper.items()}
    for name, part in parts.items():
        optimizer = part.get('optimizer') if isinstance(part, dict) else None
        if isinstance(optimizer, dict):
            yield f'{name}.optimizer', optimizer


def _find(cfg: Config, key: str) -> Any:
    value = cfg
    for part in key.split('.'):
        if not isinstance(value, dict | Config) or part not in value:
            return None
        value = value[part]
    return value
