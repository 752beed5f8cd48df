"""Label files whose ids are other classes than those that are trained."""

from collections.abc import Mapping, Sequence
from typing import Any

from mmengine.dataset import BaseDataset

from ...errors import UserValueError

# of ids that are not named, so that they are refused when they are read
UNNAMED = 254


def name_labels(
    dataset: BaseDataset, setting: tuple[Any, dict], key: str
) -> None:
    """Map the ids of label files to the classes by their names.

    MMSegmentation maps the classes of a data set's class to a part of them
    (``metainfo.classes``). This is for labels with fewer classes than are
    trained, with more, or in another order.

    Args:
        dataset: Data set, built lazily. Its ``label_map`` is set, which
            loading and the class statistics apply, after
            ``reduce_zero_label``.
        setting: ``label_classes``: the class of id 0, 1, 2, ... in the label
            files, or a dict of ids and classes, where None stands for ignored
            pixels and several ids may have one class; and ``metainfo``, whose
            classes are those that are trained, by default those of the class
            of the data set.
        key: Key of the data set, for messages.

    Raises:
        ValueError: It is no such list, or names something that is no class.

    Example:
        >>> dict(type='BaseSegDataset', metainfo=dict(classes=CITYSCAPES),
        ...      label_classes=('road', 'person', 'person', None), ...)
    """
    names, metainfo = setting
    named = _by_id(names, key)
    dataset._metainfo.update(metainfo)
    classes = list(dataset.metainfo.get('classes') or ())
    unknown = [n for n in named.values() if n is not None and n not in classes]
    if unknown:
        raise UserValueError(
            f'{key}.label_classes: {", ".join(map(repr, unknown))} is none of '
            f'the classes that are trained ({", ".join(classes)}): write '
            "which of them its pixels are, as 'person' for a label of riders "
            'and walkers alike, or None, which ignores them'
        )
    ignored = getattr(dataset, 'ignore_index', 255)
    label_map = dict.fromkeys(range(len(classes)), UNNAMED)
    label_map |= {
        i: ignored if name is None else classes.index(name)
        for i, name in named.items()
    }
    dataset.label_map = label_map
    dataset._metainfo['label_map'] = label_map
    if len(dataset._metainfo.get('palette') or ()) != len(classes):
        dataset._metainfo['palette'] = []  # mmseg takes colours of its own
        dataset._metainfo['palette'] = dataset._update_palette()
    dataset.label_classes = names


def _by_id(names: Any, key: str) -> dict[int, str | None]:
    items = None
    if isinstance(names, Mapping):
        items = dict(names)
    elif isinstance(names, Sequence) and not isinstance(names, str):
        items = dict(enumerate(names))
    if not items or not all(
        isinstance(i, int)
        and not isinstance(i, bool)
        and 0 <= i < UNNAMED
        and isinstance(name, str | None)
        for i, name in items.items()
    ):
        raise UserValueError(
            f'{key}.label_classes: expected the names of the classes of id 0, '
            '1, 2, ... in the label files, or a dict of ids (below '
            f'{UNNAMED}) and names, with None for ignored pixels; found '
            f'{names!r}'
        )
    return items
