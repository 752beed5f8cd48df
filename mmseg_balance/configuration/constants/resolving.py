"""Numbers in place of 'auto', before a training is built."""

from collections.abc import Callable, Iterator
from typing import Any

from mmengine.config import Config

from ...errors import UserValueError
from ...files.config_walk import keyed_dicts, type_name
from ...models.declarations import declared
from ...models.run_constants import (
    AUTO,
    ITERATIONS,
    Pixels,
    RunSize,
    Updates,
)
from .run_size import run_size


def resolve_constants(
    cfg: Config,
    before: Config | None = None,
    note: Callable[[str], None] = print,
) -> list[str]:
    """Settle each constant of the model that is 'auto'.

    Which may be, and how it follows from the training, is what classes say
    in ``run_constants``.

    Args:
        cfg: Config of a training run, changed in place.
        before: Config of the checkpoint that it goes on from, whose numbers
            stay. Default: it starts anew.
        note: Is given a line for each that was settled.

    Returns:
        Lines on warm-ups that are longer than the training.

    Raises:
        ValueError: What one goes by is not in the config; names the key.
    """
    earlier = dict(keyed_dicts(before.get('model'), 'model')) if before else {}
    lines = []
    for key, part, name, constant in _constants_of(cfg):
        size = run_size(cfg, part)
        if part.get(name) == AUTO:
            part[name] = _number(f'{key}.{name}', part, constant, size)
            then = earlier.get(key, {}).get(name)
            line = f'{key}.{name}={AUTO!r} is {part[name]}, {_why(constant)}'
            if isinstance(then, (int, float)) and then != part[name]:
                line = (
                    f'{key}.{name}={AUTO!r} stays {then}, as until the '
                    f'checkpoint (of a training like this {part[name]})'
                )
                part[name] = then
            note(line)
        if isinstance(constant, Updates) and size is not None:
            lines += _longer(f'{key}.{name}', part.get(name), constant, size)
    return lines


def _constants_of(cfg: Config) -> Iterator[tuple[str, dict, str, Any]]:
    """Key and config of a part, with name and kind of each constant."""
    for key, part in keyed_dicts(cfg.model, 'model'):
        for name, constant in (declared(part, 'run_constants') or {}).items():
            yield key, part, name, constant


def _number(key: str, part: dict, constant: Any, size: RunSize | None) -> Any:
    """What a constant is in a training."""
    if size is None:
        raise UserValueError(
            f'{key} is {AUTO!r}, a share of train_cfg.max_iters, which is not '
            f'set: set it, or write a number (the papers have '
            f'{constant.value} for {ITERATIONS} iterations)'
        )
    number = constant.at(size)
    waits = isinstance(constant, Pixels) and part.get('collect_over', 1) != 1
    if number is None or waits:
        raise UserValueError(
            f'{key} is {AUTO!r}, a share of the pixels of one crop, which '
            f'{type_name(part)} does not count here: '
            + (
                f'with collect_over={part["collect_over"]} several batches '
                'count together; '
                if waits
                else 'the model labels whole images, or no RandomCrop and no '
                'data_preprocessor.size says how large they are; '
            )
            + f'write a number (by default {constant.value})'
        )
    return number


def _why(constant: Any) -> str:
    if isinstance(constant, Pixels):
        return f'the share of the crop that {constant.value} are of 512 x 512'
    return f'for train_cfg.max_iters; {constant.value} in {ITERATIONS}'


def _longer(
    key: str, given: Any, constant: Updates, size: RunSize
) -> list[str]:
    """A line where a warm-up does not come to its end."""
    value = constant.value if given is None else given
    if not isinstance(value, (int, float)) or value <= size.updates:
        return []
    return [
        f'{key} is {value} updates, and the training has {size.updates}: the '
        f'warm-up ends at {size.updates / value:.0%} of its way; '
        f'{AUTO!r} would be {constant.at(size)}'
    ]
