"""Settings of Mask R-CNN that MMDetection would pass over in silence."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from torch import Tensor

from ....errors import UserValueError

# classes that take any key, and ignore those that they do not know
_TAKE_ALL = ('RandomSampler',)


def check_changes(
    key: str, known: Mapping[str, Any], changes: Mapping[str, Any]
) -> None:
    """Refuse keys that nothing reads.

    What is in a dict with a ``type`` is left to that class, which knows its
    own keys, and what is in one with ``_delete_`` to whoever wrote it.

    Args:
        key: Name of the dict, for the error.
        known: The dict as it is by default.
        changes: Keys that replace those.

    Raises:
        ValueError: Names the key, and the closest that there is.
    """
    kind = changes.get('type', known.get('type'))
    if changes.get('_delete_') or kind not in (None, *_TAKE_ALL):
        return
    for name, value in changes.items():
        if name not in known:
            raise _unknown(f'{key}.{name}', name, known)
        if isinstance(value, Mapping) and isinstance(known[name], Mapping):
            check_changes(f'{key}.{name}', known[name], value)


def check_arguments(
    key: str, function: Callable, given: Mapping[str, Any]
) -> None:
    """Refuse arguments that a function does not have.

    Args:
        key: Name of the dict, for the error.
        function: The function; those with a default may be given.
        given: The arguments.

    Raises:
        ValueError: Names the argument, and the closest that there is.
    """
    parameters = inspect.signature(function).parameters.values()
    known = [p.name for p in parameters if p.default is not p.empty]
    for name in given:
        if name not in known:
            raise _unknown(f'{key}.{name}', name, known)


def _unknown(key: str, name: str, known: Any) -> UserValueError:
    close = get_close_matches(name, list(known), n=1)
    meant = f'did you mean {close[0]}? ' if close else ''
    return UserValueError(
        f'MaskRCNNHead does not know {key}: {meant}The keys there are '
        f'{", ".join(k for k in known if k != "type")}'
    )


def check_levels(
    features: Sequence[Tensor], in_channels: Sequence[int]
) -> None:
    """Refuse other levels than those that the head was built for.

    Args:
        features: Levels of the backbone, (N, C_l, h_l, w_l) each.
        in_channels: Of these levels.

    Raises:
        ValueError: Names both.
    """
    found = [level.shape[1] for level in features]
    if found != list(in_channels):
        raise UserValueError(
            f'in_channels of MaskRCNNHead is {list(in_channels)}, but the '
            f'backbone gives levels of {found} channels: set in_channels to '
            'these, or change out_indices of the backbone'
        )


def check_strides(
    levels: Sequence[Tensor], strides: Sequence[int], shape: tuple[int, int]
) -> None:
    """Refuse levels of another size than where anchors are put.

    Args:
        levels: Of the pyramid, (N, C, h_l, w_l) each.
        strides: Of these levels, in pixels.
        shape: Height and width of the images.

    Raises:
        ValueError: Names the strides and the sizes.
    """
    sizes = [tuple(level.shape[-2:]) for level in levels]
    if any(
        abs(found - side / stride) >= 1
        for size, stride in zip(sizes, strides, strict=True)
        for found, side in zip(size, shape, strict=True)
    ):
        raise UserValueError(
            f'strides of MaskRCNNHead are {list(strides)}, but its levels of '
            f'images of {shape[0]} x {shape[1]} are of '
            f'{", ".join(f"{h} x {w}" for h, w in sizes)}: set strides to '
            'what the levels of the backbone have (a ResNet with dilations '
            'has smaller ones), and one more, twice the last'
        )
