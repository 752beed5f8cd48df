"""Domains whose classes differ."""

from mmengine.dataset import BaseDataset

from ...errors import UserValueError


def check_same_classes(
    source: BaseDataset,
    target: BaseDataset | None = None,
    source_key: str = 'source',
    target_key: str = 'target',
) -> None:
    """Refuse domains whose classes differ.

    Args:
        source: Source data set.
        target: Target data set, where there is one; or another source.
        source_key: Key of the source, for messages.
        target_key: Key of the other.

    Raises:
        ValueError: A data set names no classes, or they differ; shows where.
    """
    ours = _classes_of(source, source_key)
    theirs = ours if target is None else _classes_of(target, target_key)
    if ours == theirs:
        return
    parts = [
        f'the {source_key} has {len(ours)} classes, the {target_key} '
        f'{len(theirs)}'
    ]
    for key, names in (
        (source_key, [n for n in ours if n not in theirs]),
        (target_key, [n for n in theirs if n not in ours]),
    ):
        if names:
            parts.append(f'only the {key} has {", ".join(names)}')
    for i, (a, b) in enumerate(zip(ours, theirs, strict=False)):
        if a != b:
            parts.append(
                f'class {i} is {a} in the {source_key}, {b} in the '
                f'{target_key}'
            )
            break
    raise UserValueError(
        f'{source_key} and {target_key} classes differ: {"; ".join(parts)}. '
        'Set metainfo.classes of both to the same names in the same order; '
        'where the ids in the label files are other classes, label_classes '
        'of that data set names the class of each id (None: ignored)'
    )


def _classes_of(dataset: BaseDataset, key: str) -> tuple[str, ...]:
    names = dataset.metainfo.get('classes') or ()
    if isinstance(names, str):
        raise UserValueError(
            f'{key}.metainfo.classes is the text {names!r}, expected a list '
            "of names, classes=('road', 'car') for one"
        )
    names = tuple(names)
    if not names:
        raise UserValueError(
            f'the {key} data set ({type(dataset).__name__}) names no classes; '
            f'set {key}.metainfo.classes'
        )
    return names
