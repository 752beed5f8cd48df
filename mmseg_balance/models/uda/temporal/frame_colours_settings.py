"""What a config says of the colours of frames."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ....errors import UserValueError
from ....number_checks import check_number, is_number
from ..mixing.augmentation_settings import settings_of

OWNER = 'augmentation'


def _numbers(values: Any) -> bool:
    return isinstance(values, (list, tuple)) and all(map(is_number, values))


@dataclass(frozen=True)
class FrameColoursSettings:
    """Settings of ``FrameColours``, by default those of TPS.

    Args:
        blur_probability: Chance of the blur, [0, 1].
        blur_sigma: Standard deviations in pixels, of which one is drawn.
            Published for frames of 1024 x 512.
        jitter_probability: Chance of the jitter, [0, 1].
        jitter: Ranges of brightness, contrast, saturation (at least 0; the
            factors are 1 - range to 1 + range) and hue (turns, [0, 0.5]).
        grey_probability: Chance of grey images, [0, 1].

    Raises:
        ValueError: A setting out of range.
    """

    blur_probability: float = 0.6
    blur_sigma: Sequence[float] = (7.0, 9.0, 11.0)
    jitter_probability: float = 0.8
    jitter: Sequence[float] = (0.8, 0.8, 0.8, 0.2)
    grey_probability: float = 0.2

    def __post_init__(self) -> None:
        for part in ('blur', 'jitter', 'grey'):
            name = f'{part}_probability'
            check_number(OWNER, name, getattr(self, name), high=1)
        sigmas, ranges = self.blur_sigma, self.jitter
        if not (_numbers(sigmas) and sigmas and min(sigmas) > 0):
            raise UserValueError(
                'Expected `blur_sigma` of augmentation to be a list of '
                f'numbers above 0, but got {sigmas!r}'
            )
        if (
            not (_numbers(ranges) and len(ranges) == 4)
            or min(ranges) < 0
            or ranges[3] > 0.5
        ):
            raise UserValueError(
                'Expected `jitter` of augmentation to be four numbers of at '
                'least 0, for brightness, contrast, saturation and hue, the '
                f'last at most 0.5, but got {ranges!r}'
            )


Colours = FrameColoursSettings | Mapping[str, Any] | None
TPS_COLOURS = FrameColoursSettings()


def colour_settings(settings: Colours) -> FrameColoursSettings | None:
    """Settings of what a config or a script gives as ``augmentation``.

    Args:
        settings: Settings, a dict of those that are not the default, or
            None for no augmentation.

    Raises:
        TypeError: Something else.
        ValueError: A setting out of range.
    """
    return settings_of(FrameColoursSettings, settings)
