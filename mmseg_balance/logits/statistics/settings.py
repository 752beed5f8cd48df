"""Ranges of the settings of LogitStatistics."""

from ...errors import UserValueError
from ..offsets.table import MIN_GRID_SIZE


def check_settings(
    num_classes: int,
    em_loops: int,
    min_samples: int,
    max_samples: int | None,
    clip: float,
    grid_size: int | None,
    anchor: str | int,
) -> None:
    """Refuse a setting out of range.

    Args: see :class:`.online.LogitStatistics`.

    Raises:
        ValueError: Names the setting, its value, and what was expected.
    """
    for name, value, least in (
        ('num_classes', num_classes, 2),
        ('em_loops', em_loops, 1),
        ('min_samples', min_samples, 1),
    ):
        if value < least:
            raise UserValueError(
                f'Expected `{name}` to be at least {least}, but got {value}'
            )
    if max_samples is not None and max_samples < min_samples:
        raise UserValueError(
            'Expected `max_samples` to be None or at least `min_samples` '
            f'({min_samples}), but got {max_samples}'
        )
    if not 0 <= clip < 0.5:
        raise UserValueError(
            f'Expected `clip` to be in [0, 0.5), but got {clip}'
        )
    if grid_size is not None and grid_size < MIN_GRID_SIZE:
        raise UserValueError(
            'Expected `grid_size` to be None (no table) or at least '
            f'{MIN_GRID_SIZE}, but got {grid_size}'
        )
    if anchor not in ('source', 'target') and not (
        isinstance(anchor, int) and 0 <= anchor < num_classes
    ):
        raise UserValueError(
            "Expected `anchor` to be 'source', 'target' or a class from 0 "
            f'to {num_classes - 1}, but got {anchor!r}'
        )
