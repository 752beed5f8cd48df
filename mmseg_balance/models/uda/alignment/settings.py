"""Whether an alignment of features can work, checked at build."""

from collections.abc import Mapping
from typing import Any

from ....errors import UserValueError
from ....number_checks import check_count, check_number
from .compared_features import CLASSIFIER, OWNER


def check_settings(
    classes: Mapping[str, Any],
    weights: Mapping[str, Any],
    counts: Mapping[str, Any],
    feature: Any,
    check_class: Any,
) -> None:
    """Refuse settings out of range.

    Args:
        classes: Lists of classes by name.
        weights: Numbers of at least 0 by name.
        counts: Numbers of at least 1 by name.
        feature: Which features.
        check_class: Whether the classifier is asked.

    Raises:
        ValueError: Names the setting.
    """
    for name, value in classes.items():
        if not isinstance(value, (tuple, list)) or any(
            isinstance(c, bool) or not isinstance(c, int) or c < 0
            for c in value
        ):
            raise UserValueError(
                f'Expected `{name}` of {OWNER} to be indices of classes, but '
                f'got {value!r}'
            )
    listed = [c for value in classes.values() for c in value]
    twice = sorted({c for c in listed if listed.count(c) > 1})
    names = ' and '.join(f'`{name}`' for name in classes)
    if twice or not listed:
        found = f'{twice} more than once' if twice else 'none'
        raise UserValueError(
            f'Expected {names} of {OWNER} to name classes, each of them once,'
            f' but got {found}'
        )
    for name, value in weights.items():
        check_number(OWNER, name, value)
    for name, value in counts.items():
        check_count(OWNER, name, value)
    is_index = isinstance(feature, int) and not isinstance(feature, bool)
    if feature != CLASSIFIER and not is_index:
        raise UserValueError(
            f"Expected `feature` of {OWNER} to be 'classifier' or the index "
            f'of an output of the backbone, but got {feature!r}'
        )
    if not isinstance(check_class, bool):
        raise UserValueError(
            f'Expected `check_class` of {OWNER} to be True or False, but got '
            f'{check_class!r}'
        )


def check_classes(classes: Mapping[str, Any], num_classes: int) -> None:
    """Refuse classes that a network does not have.

    Args:
        classes: Lists of classes by name.
        num_classes: Of the decode head.

    Raises:
        ValueError: Names the setting.
    """
    for name, value in classes.items():
        if value and max(value) >= num_classes:
            raise UserValueError(
                f'Expected `{name}` of {OWNER} to be below '
                f'decode_head.num_classes={num_classes}, but got {value}: '
                'name the classes of your data set'
            )
