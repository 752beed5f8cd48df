"""Schedules against the length of a training."""

from collections.abc import Iterator

from mmengine.config import Config

from ...errors import UserValueError
from ...files.config_walk import type_name
from ...models.uda.teacher.refinement import START

# types whose last value is of the key, 0 by default
LAST_VALUES = {
    'PolyLR': ('eta_min', 0.0),
    'CosineAnnealingLR': ('eta_min', 0.0),
    'LinearLR': ('end_factor', 1.0),
}
WARM_UPS = ('LinearLR', 'ConstantLR')
LONGER = 1.1  # a schedule that is longer than the training by this is said


def check_schedules(cfg: Config) -> list[str]:
    """Compare the schedules of a config with its number of iterations.

    mmengine leaves a schedule its own ``end``: behind it the learning rate
    stays as it is, which may be 0.

    Args:
        cfg: Config of a training run; passes where it trains by epochs.

    Returns:
        Lines on what may be meant: a schedule that is cut off, a warm-up
        longer than the training, a source that never has its turn, labels
        that are never refined, one validation in all.

    Raises:
        ValueError: Iterations would train at a learning rate of 0, a
            schedule would never move, or the training would stop at the end
            of a cycle; names the keys.
    """
    max_iters = cfg.train_cfg.get('max_iters')
    if not isinstance(max_iters, int):
        return []
    lines = []
    for key, part in schedulers_of(cfg):
        lines += _check(key, part, max_iters)
    lines += _unreached_sources(cfg, max_iters)
    lines += _unrefined_labels(cfg, max_iters)
    interval = cfg.train_cfg.get('val_interval', 1000)
    if cfg.get('val_dataloader') and interval > max_iters:
        lines.append(
            f'train_cfg.val_interval is {interval}, train_cfg.max_iters '
            f'{max_iters}: the only validation is behind the last iteration'
        )
    return lines


def schedulers_of(cfg: Config) -> Iterator[tuple[str, dict]]:
    """Each schedule of a config with its key.

    Args:
        cfg: Config with ``param_scheduler``: one, a list, or such by the
            name of the optimizer.

    Yields:
        Key, such as 'param_scheduler[1]', and config.
    """
    parts = cfg.get('param_scheduler') or []
    named = {'param_scheduler': parts}
    if isinstance(parts, dict) and 'type' not in parts:
        named = {f'param_scheduler.{k}': v for k, v in parts.items()}
    for key, part in named.items():
        if isinstance(part, dict):
            yield key, part
            continue
        for i, child in enumerate(part or ()):
            if isinstance(child, dict):
                yield f'{key}[{i}]', child


def _unreached_sources(cfg: Config, max_iters: int) -> list[str]:
    """Phases of a progressive training that begin behind its end."""
    dataset = (cfg.get('train_dataloader') or {}).get('dataset') or {}
    begins = dataset.get('progressive')
    if not isinstance(begins, list | tuple):
        return []
    late = [b for b in begins if isinstance(b, int) and b >= max_iters]
    if not late:
        return []
    return [
        f'train_dataloader.dataset.progressive has {late[0]}, and '
        f'train_cfg.max_iters is {max_iters}: what is to be learnt from then '
        'on is never drawn'
    ]


def _unrefined_labels(cfg: Config, max_iters: int) -> list[str]:
    """Refined pseudo-labels that begin behind the end of the training."""
    settings = (cfg.get('model') or {}).get('pseudo_refinement')
    if not isinstance(settings, dict):
        return []
    start = settings.get('start', START)
    if not isinstance(start, int) or start < max_iters:
        return []
    return [
        f'model.pseudo_refinement.start is {start}, and train_cfg.max_iters '
        f'is {max_iters}: pseudo-labels are never refined'
    ]


def _check(key: str, part: dict, max_iters: int) -> list[str]:
    kind = type_name(part)
    if kind.startswith('ReduceOnPlateau'):
        return []  # moves at validations, with by_epoch=True alone
    if part.get('by_epoch', True):
        if part.get('convert_to_iter_based'):
            return []  # an epoch's length is known with the data
        raise UserValueError(
            f'{key} ({kind}) goes by epochs (by_epoch=True, the default), '
            'and train_cfg.max_iters by iterations: it would never move; set '
            f'{key}.by_epoch=False'
        )
    begin = part.get('begin', 0)
    end = part.get('end', max_iters)
    length = f'train_cfg.max_iters is {max_iters}'
    if begin >= max_iters:
        return [f'{key} ({kind}) begins at {begin}, {length}: it never acts']
    if kind.startswith('OneCycle'):
        _check_cycle(key, part, max_iters, begin, end)
    if kind.startswith('MultiStep'):
        late = [m for m in part.get('milestones', ()) if m >= max_iters]
        if late:
            return [f'{key}.milestones has {late}, {length}: never reached']
    if kind in WARM_UPS and end > max_iters and kind not in _falling(part):
        return [
            f'{key} ({kind}, a warm-up) ends at {end}, {length}: the '
            'learning rate never reaches its value'
        ]
    if kind not in LAST_VALUES:
        return []
    last_key, default = LAST_VALUES[kind]
    last = part.get(last_key, default)
    if kind == 'CosineAnnealingLR' and part.get('T_max') is not None:
        # behind T_max the rate would rise again
        end = min(end, begin + part['T_max'])
        if end < part.get('end', max_iters):
            return [
                f'{key}.T_max is {part["T_max"]}, and it acts until '
                f'{part.get("end", max_iters)}: behind T_max the learning '
                'rate rises again'
            ]
    if end > max_iters * LONGER and kind != 'LinearLR':
        return [
            f'{key} ({kind}) ends at {end}, {length}: it is cut off long '
            f'before its last value; set {key}.end={max_iters}'
        ]
    # the last value is reached one iteration before `end`
    at_the_end = max_iters - end + 1
    if end >= max_iters or last == 1.0:
        return []
    if last == 0:
        raise UserValueError(
            f'{key} ({kind}) ends at {end}, {length}: the last {at_the_end} '
            f'iterations would train at a learning rate of 0; set '
            f'{key}.end={max_iters}, or {last_key}'
        )
    return [
        f'{key} ({kind}) ends at {end}, {length}: the last {at_the_end} '
        f'iterations train at its last value ({last_key}={last})'
    ]


def _check_cycle(
    key: str, part: dict, max_iters: int, begin: int, end: int
) -> None:
    steps = part.get('total_steps') or end - begin
    if begin + steps < min(end, max_iters):
        raise UserValueError(
            f'{key}.total_steps is {steps}, train_cfg.max_iters {max_iters}: '
            f'the training would stop with an error behind iteration '
            f'{begin + steps}; set {key}.total_steps={max_iters - begin}'
        )


def _falling(part: dict) -> tuple[str, ...]:
    """Types that this schedule is no warm-up for, as its values fall."""
    first = part.get('start_factor', part.get('factor', 1.0 / 3))
    last = part.get('end_factor', 1.0)
    return ('LinearLR',) if first > last else ()
