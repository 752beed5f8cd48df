"""Settings of logit statistics: written once, checked where they are made."""

from dataclasses import dataclass, fields
from warnings import warn

from ...errors import UserValueError
from ..mixtures.inputs import check_mixture_settings
from ..offsets.tables.building import MIN_GRID_SIZE


@dataclass(frozen=True)
class StatisticsSettings:
    """How the distributions of logits are sampled, fitted and read.

    Args:
        num_classes: Number of classes C, at least 2.
        num_components: Components K of each Gaussian mixture.
        momentum: Momentum of the mixtures, [0, 1).
        warmup: Updates over which the momentum grows from 0 to its value;
            0: none.
        em_loops: EM loops T of an update.
        min_samples: Pixels N_min that a class needs in a batch.
        max_samples: Cap of the samples N_sample of a class in a batch, at
            least ``min_samples``. Default: 1024.
        clip: The CDF is clamped to [clip, 1 - clip] before it is inverted.
        grid_size: Knots of the table that offsets are looked up in. None:
            no table, each offset is computed directly.
        anchor: Whose logits the anchors follow (Table 14): 'source' (all of
            the source, as in the paper), 'target' (all of the target), or
            a class: its logits on the source.
        collect_over: Updates over which a class may come to ``min_samples``,
            at least 1: a batch alone (1), or the last so many batches
            together. A class that has enough is fitted to all that it has,
            and begins anew; logits that are older are left out. Between two
            updates of a class its staleness n counts iterations, as always;
            ``warmup`` counts all updates from the first that fitted any
            class. For classifiers, whose batches have few images of a class.

    Raises:
        ValueError: A setting out of range; names it, its value, and what
            was expected.

    Example:
        >>> StatisticsSettings(19, momentum=0.9).min_samples
        100
    """

    num_classes: int
    num_components: int = 5
    momentum: float = 0.99
    warmup: int = 1500
    em_loops: int = 3
    min_samples: int = 100
    max_samples: int | None = None
    clip: float = 0.01
    grid_size: int | None = 512
    anchor: str | int = 'source'
    collect_over: int = 1

    def __post_init__(self) -> None:
        for name, least in (
            ('num_classes', 2),
            ('em_loops', 1),
            ('min_samples', 1),
            ('collect_over', 1),
        ):
            value = getattr(self, name)
            if value < least:
                raise UserValueError(
                    f'Expected `{name}` to be at least {least}, '
                    f'but got {value}'
                )
        if self.max_samples is not None and (
            self.max_samples < self.min_samples
        ):
            raise UserValueError(
                'Expected `max_samples` to be None or at least `min_samples` '
                f'({self.min_samples}), but got {self.max_samples}'
            )
        if not 0 <= self.clip < 0.5:
            raise UserValueError(
                f'Expected `clip` to be in [0, 0.5), but got {self.clip}'
            )
        if self.grid_size is not None and self.grid_size < MIN_GRID_SIZE:
            raise UserValueError(
                'Expected `grid_size` to be None (no table) or at least '
                f'{MIN_GRID_SIZE}, but got {self.grid_size}'
            )
        if self.anchor not in ('source', 'target') and not (
            isinstance(self.anchor, int)
            and 0 <= self.anchor < self.num_classes
        ):
            raise UserValueError(
                "Expected `anchor` to be 'source', 'target' or a class from "
                f'0 to {self.num_classes - 1}, but got {self.anchor!r}'
            )
        check_mixture_settings(self.num_components, self.momentum, self.warmup)


# in the order of the fields
NAMES = tuple(field.name for field in fields(StatisticsSettings))


def check_settings(
    num_classes: int,
    em_loops: int,
    min_samples: int,
    max_samples: int | None,
    clip: float,
    grid_size: int | None,
    anchor: str | int,
) -> None:
    """Refuse a setting out of range; now :class:`StatisticsSettings` does."""
    warn(
        'check_settings is StatisticsSettings(...) now',
        DeprecationWarning,
        stacklevel=2,
    )
    StatisticsSettings(
        num_classes,
        em_loops=em_loops,
        min_samples=min_samples,
        max_samples=max_samples,
        clip=clip,
        grid_size=grid_size,
        anchor=anchor,
    )
