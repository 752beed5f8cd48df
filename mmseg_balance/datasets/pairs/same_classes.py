"""Whether the two domains of a pair have the same classes."""

from mmengine.dataset import BaseDataset

from ...errors import UserValueError


def check_same_classes(
    source: BaseDataset, target: BaseDataset | None = None
) -> None:
    """Refuse domains whose classes differ.

    Args:
        source: Source data set.
        target: Target data set, where there is one.

    Raises:
        ValueError: A data set names no classes, or they differ; shows where.
    """
    ours = _classes_of(source, 'source')
    theirs = ours if target is None else _classes_of(target, 'target')
    if ours == theirs:
        return
    parts = [f'the source has {len(ours)} classes, the target {len(theirs)}']
    for key, names in (
        ('source', [n for n in ours if n not in theirs]),
        ('target', [n for n in theirs if n not in ours]),
    ):
        if names:
            parts.append(f'only the {key} has {", ".join(names)}')
    for i, (a, b) in enumerate(zip(ours, theirs, strict=False)):
        if a != b:
            parts.append(f'class {i} is {a} in the source, {b} in the target')
            break
    raise UserValueError(
        f'source and target classes differ: {"; ".join(parts)}. Set '
        'metainfo.classes of both to the same names in the same order'
    )


check_classes = check_same_classes  # its name in 0.1.0


def _classes_of(dataset: BaseDataset, key: str) -> tuple[str, ...]:
    names = tuple(dataset.metainfo.get('classes') or ())
    if not names:
        raise UserValueError(
            f'the {key} data set ({type(dataset).__name__}) names no classes; '
            f'set {key}.metainfo.classes'
        )
    return names
