"""What a config says of the colours of mixed and masked images."""

from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Real
from typing import Any, TypeVar

from ....errors import UserTypeError, UserValueError

DRAWN = ('batch', 'image')
Settings = TypeVar('Settings')


@dataclass(frozen=True)
class StrongAugmentationSettings:
    """Settings of ``StrongAugmentation``, by default those of DACS.

    A config writes ``augmentation=dict(jitter_strength=0.25)``, with None
    for images that keep their colours.

    Args:
        jitter_probability: Chance of the jitter, [0, 1].
        jitter_strength: Range of brightness, contrast, saturation and hue,
            [0, 0.5].
        blur_probability: Chance of the blur, [0, 1].
        drawn: 'batch': whether to jitter and to blur, and how much to blur,
            is drawn once a batch. 'image': for each image.

    Raises:
        ValueError: A setting out of range.
    """

    jitter_probability: float = 0.8
    jitter_strength: float = 0.2
    blur_probability: float = 0.5
    drawn: str = 'batch'

    def __post_init__(self) -> None:
        for name, high in (
            ('jitter_probability', 1),
            ('jitter_strength', 0.5),
            ('blur_probability', 1),
        ):
            value = getattr(self, name)
            if not (isinstance(value, Real) and 0 <= value <= high):
                raise UserValueError(
                    f'Expected `{name}` to be in [0, {high}], but got '
                    f'{value!r}'
                )
        if self.drawn not in DRAWN:
            raise UserValueError(
                f'Expected `drawn` of augmentation to be one of {DRAWN}, but '
                f'got {self.drawn!r}'
            )


Augmentation = StrongAugmentationSettings | Mapping[str, Any] | None
DACS_COLOURS = StrongAugmentationSettings()


def augmentation_settings(
    augmentation: Augmentation,
) -> StrongAugmentationSettings | None:
    """Settings of what a config or a script gives as ``augmentation``.

    Args:
        augmentation: Settings, a dict of those that are not the default, or
            None for no augmentation.

    Raises:
        TypeError: Something else.
        ValueError: A setting out of range.
    """
    return settings_of(StrongAugmentationSettings, augmentation)


def settings_of(kind: type[Settings], augmentation: Any) -> Settings | None:
    """Settings of a class, of what is given as ``augmentation``.

    Args:
        kind: Its class, whose arguments all have defaults.
        augmentation: As above.

    Raises:
        TypeError: Something else.
        ValueError: A setting out of range.
    """
    if isinstance(augmentation, Mapping):
        return kind(**augmentation)
    if not isinstance(augmentation, kind | None):
        raise UserTypeError(
            'Expected `augmentation` to be a dict of settings, {} for the '
            f'defaults, or None for no augmentation, but got {augmentation!r}'
        )
    return augmentation


def take_augmentation(
    augmentation: Augmentation, arguments: dict[str, Any]
) -> StrongAugmentationSettings | None:
    """Settings of a method, whose configs of 0.1.0 name them one by one.

    Args:
        augmentation: As given.
        arguments: Of the method. ``jitter_probability``,
            ``jitter_strength``, ``blur_probability`` and
            ``strong_augmentation`` are taken out.

    Raises:
        ValueError: Both ways of saying it.
    """
    names = ('jitter_probability', 'jitter_strength', 'blur_probability')
    single = {k: arguments.pop(k) for k in names if k in arguments}
    is_on = arguments.pop('strong_augmentation', True)
    if is_on and not single:
        return augmentation_settings(augmentation)
    if augmentation != DACS_COLOURS:
        keys = [*single, *(() if is_on else ('strong_augmentation',))]
        raise UserValueError(
            f'model has augmentation={augmentation!r} and {", ".join(keys)}, '
            'which say the same: keep augmentation=dict(jitter_strength=...), '
            'or None for none'
        )
    return StrongAugmentationSettings(**single) if is_on else None
