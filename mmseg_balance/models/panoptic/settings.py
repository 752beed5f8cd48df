"""What cannot work in a panoptic segmentor, said when it is built."""

from collections.abc import Mapping, Sequence
from typing import Any

from ...errors import UserValueError


def check_things(things: Sequence[int], num_classes: int) -> tuple[int, ...]:
    """Refuse labels of things that are none of the classes.

    Args:
        things: Labels of the thing classes.
        num_classes: Of the decode head.

    Returns:
        The labels.

    Raises:
        ValueError: There are none, or they are no ascending labels of the
            classes; names them.
    """
    labels = list(things)
    if (
        not labels
        or any(type(label) is not int for label in labels)
        or sorted(set(labels)) != labels
        or not 0 <= labels[0] <= labels[-1] < num_classes
    ):
        raise UserValueError(
            'Expected `things` of PanopticEncoderDecoder to be different '
            'labels of classes in ascending order, of 0 to '
            f'{num_classes - 1} (decode_head.num_classes={num_classes}), but '
            f'got {things}'
        )
    return tuple(labels)


def with_things(
    instance_head: Mapping[str, Any], things: tuple[int, ...]
) -> dict[str, Any]:
    """Config of an instance branch that is told which classes are things.

    Args:
        instance_head: Config of the branch.
        things: Of the segmentor.

    Returns:
        The config, with ``things``.

    Raises:
        ValueError: It names others.
    """
    own = instance_head.get('things', things)
    if tuple(own) != things:
        raise UserValueError(
            f'instance_head.things is {own}, but things of '
            f'PanopticEncoderDecoder are {things}: leave the former away'
        )
    return dict(instance_head) | dict(things=things)


def check_prediction_mode(test_cfg: Mapping[str, Any] | None) -> None:
    """Refuse to predict in sliding windows.

    Args:
        test_cfg: Of the segmentor.

    Raises:
        ValueError: The mode is 'slide'.
    """
    if (test_cfg or {}).get('mode') == 'slide':
        raise UserValueError(
            "test_cfg.mode='slide' predicts windows, whose instances "
            'PanopticEncoderDecoder does not merge: set model.test_cfg='
            "dict(mode='whole', _delete_=True)"
        )
