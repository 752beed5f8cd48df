"""Constants that papers chose for their trainings, as shares of another.

Those of the papers are for 40,000 iterations on crops of 512 x 512 (BLDA, Sec.
4.1, as DAFormer). A class says in ``run_constants`` which of its settings may
be 'auto', and how each follows from a training:

- :class:`Updates`: a number of updates, the same part of them all.
- :class:`Momentum`: of an average that moves once an iteration, the same decay
  over the same part of the training.
- :class:`Pixels`: a number of pixels, the same part of a crop.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from torch import nn

from ..errors import UserValueError

AUTO = 'auto'
ITERATIONS = 40_000
CROP_PIXELS = 512 * 512


@dataclass(frozen=True)
class RunSize:
    """How long a training is, and on how large crops.

    Attributes:
        iterations: Iterations of the training, at least 1.
        updates: How many of them end with an update of what is fitted.
        crop_pixels: Pixels of a crop; None where that is not known, or
            labels are of whole images.
    """

    iterations: int
    updates: int
    crop_pixels: int | None = None


@dataclass(frozen=True)
class Updates:
    """A number of updates, such as those of a warm-up.

    Example:
        >>> Updates(1500).at(RunSize(2000, 2000))
        75
    """

    value: int

    def at(self, size: RunSize) -> int:
        """The same share of a training's updates, rounded."""
        return _rounded(self.value * size.updates / ITERATIONS)


@dataclass(frozen=True)
class Momentum:
    """What an average keeps of itself in an iteration.

    m ** (40,000 / iterations): a whole training forgets as much as the
    paper's does.

    Example:
        >>> Momentum(0.999).at(RunSize(2000, 2000))
        0.980189
    """

    value: float

    def at(self, size: RunSize) -> float:
        """The momentum of a training, to six digits."""
        return round(self.value ** (ITERATIONS / size.iterations), 6)


@dataclass(frozen=True)
class Pixels:
    """A number of pixels in a batch of crops.

    Attributes:
        value: Of crops of 512 x 512.
        least: What it never falls below.

    Example:
        >>> Pixels(100, least=10).at(RunSize(2000, 2000, 192 * 192))
        14
    """

    value: int
    least: int = 1

    def at(self, size: RunSize) -> int | None:
        """The same share of a crop, rounded; None where it is not known."""
        if size.crop_pixels is None:
            return None
        share = _rounded(self.value * size.crop_pixels / CROP_PIXELS)
        return max(share, self.least)


def papers_values(
    kind: type, settings: Mapping[str, Any]
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Settings to build a class with where no training says what is 'auto'.

    A model that is tested, exported or looked at depends on none of them.

    Args:
        kind: Class with ``run_constants``.
        settings: Settings by name.

    Returns:
        The settings, the papers' in place of 'auto'; and the names of those.
    """
    constants = getattr(kind, 'run_constants', {})
    open_ = tuple(
        name
        for name, value in settings.items()
        if name in constants and isinstance(value, str) and value == AUTO
    )
    return {
        name: constants[name].value if name in open_ else value
        for name, value in settings.items()
    }, open_


def check_settled(module: nn.Module) -> None:
    """Refuse to train with settings that are still 'auto'.

    Args:
        module: One that notes in ``left_open`` which are.

    Raises:
        ValueError: Some are; names them.
    """
    names = getattr(module, 'left_open', ())
    if names:
        shown = ' and '.join(f'{name}={AUTO!r}' for name in names)
        raise UserValueError(
            f'{shown} of {type(module).__name__} would follow from the '
            'length of the training and the size of its crops, which '
            'mmseg-balance train looks up: train with it, or write numbers '
            'in the config'
        )


def _rounded(value: float) -> int:
    """To the nearest whole number, halves upwards."""
    return int(value + 0.5)
