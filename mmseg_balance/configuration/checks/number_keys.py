"""Numbers of a config that others would stumble over without their key."""

from collections.abc import Iterator
from typing import Any

from mmengine.config import Config

from ...errors import UserValueError
from ...number_checks import is_number

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
    """Refuse words, negatives and fractions where a count is needed.

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
    for key, value in _learning_rates(cfg):
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


def _learning_rates(cfg: Config) -> Iterator[tuple[str, Any]]:
    """Keys and values of the learning rates, of each optimizer."""
    wrapper = cfg.get('optim_wrapper')
    if not isinstance(wrapper, dict):
        return
    parts = {'optim_wrapper': wrapper}
    parts |= {f'optim_wrapper.{name}': x for name, x in wrapper.items()}
    for name, part in parts.items():
        optimizer = part.get('optimizer') if isinstance(part, dict) else None
        if isinstance(optimizer, dict) and 'lr' in optimizer:
            yield f'{name}.optimizer.lr', optimizer['lr']


def _find(cfg: Config, key: str) -> Any:
    value = cfg
    for part in key.split('.'):
        if not isinstance(value, dict | Config) or part not in value:
            return None
        value = value[part]
    return value
