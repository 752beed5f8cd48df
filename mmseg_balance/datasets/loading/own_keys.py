"""Keys of this package in the config of any data set.

``translated_root`` and ``label_classes`` are taken out of the config of a
data set before it is built, whatever its class is, and change it afterwards.
"""

import re
from collections.abc import Iterable
from typing import Any

from mmengine.dataset import BaseDataset

from ...errors import UserTypeError, UserValueError
from .named_labels import name_labels
from .translated_images import read_translated

OWN_KEYS = {
    'translated_root': read_translated,
    'label_classes': name_labels,
}


def refuse_own_keys(config: dict, key: str) -> None:
    """Refuse the keys where nothing looks at them.

    Args:
        config: Config of a data set with files.
        key: Its key in the whole config.

    Raises:
        ValueError: It has one, and is part of no source or target.
    """
    found = [name for name in OWN_KEYS if config.get(name) is not None]
    if not found or re.search(r'\.(source|target)\b', key):
        return
    raise UserValueError(
        f'{key}.{found[0]}: the key is for the sources and the target of a '
        "UDADataset. For a training on labels alone, dict(type='UDADataset', "
        "source=dict(...)) with model.type='SourceOnly' takes it; labels of "
        'an evaluation are changed by mmseg-balance data map-labels'
    )


def take_own_keys(config: dict) -> dict[str, Any]:
    """Take the keys out of a config that its class would not know.

    Args:
        config: Config of a data set with files, changed in place. With
            ``label_classes``, ``metainfo`` is taken out as well, of which
            MMSegmentation demands that its classes are those of the class.

    Returns:
        What they were set to; those that are None are left out.
    """
    taken = {k: config.pop(k) for k in OWN_KEYS if k in config}
    taken = {k: value for k, value in taken.items() if value is not None}
    if 'label_classes' in taken:
        metainfo = config.pop('metainfo', None)
        taken['label_classes'] = taken['label_classes'], metainfo or {}
    return taken


def apply_own_keys(
    leaves: Iterable[tuple[str, Any]], settings: Iterable[dict[str, Any]]
) -> None:
    """Change data sets as the keys in their configs say.

    Args:
        leaves: Key and data set of each, built lazily.
        settings: Of :func:`take_own_keys`, in the same order.

    Raises:
        TypeError: A data set is of a kind that has no such keys.
        ValueError: The value of a key is not right.
    """
    for (place, leaf), values in zip(leaves, settings, strict=True):
        if values and not isinstance(leaf, BaseDataset):
            raise UserTypeError(
                f'{place}.{next(iter(values))} is for data sets of '
                f'MMSegmentation, and this one is a {type(leaf).__name__}'
            )
        for key, value in values.items():
            OWN_KEYS[key](leaf, value, place)
