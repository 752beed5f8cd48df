"""Which class of a data set a category of its JSON file is."""

from collections.abc import Mapping, Sequence
from typing import Any

from ...errors import UserValueError
from ...panoptic.ids import VOID_LABEL

THING_CLASSES = 'thing_classes'
SHOWN_NAMES = 10


def thing_labels(
    classes: Sequence[str], things: Any, name: str
) -> tuple[int, ...]:
    """Labels of the classes of things.

    Args:
        classes: Names of the classes.
        things: Names of those whose segments are told apart.
        name: Data set, for the message.

    Returns:
        They, in ascending order.

    Raises:
        ValueError: Things are not given, or are no classes.
    """
    if isinstance(things, str) or not isinstance(things, Sequence):
        raise UserValueError(
            f'{name}: metainfo.{THING_CLASSES} is {things!r}, expected a list '
            f'of those of the classes ({_some(classes)}) whose segments are '
            "told apart, as in ['person', 'car']; [] where there is none"
        )
    unknown = [thing for thing in things if thing not in classes]
    if unknown:
        raise UserValueError(
            f'{name}: metainfo.{THING_CLASSES} has {", ".join(unknown)}, '
            f'expected some of metainfo.classes: {", ".join(classes)}'
        )
    return tuple(i for i, c in enumerate(classes) if c in things)


class Categories:
    """The categories of a file.

    They are found by their names among the classes. In a file without
    ``categories``, as EDAPS writes it for SYNTHIA, ``category_id`` is the
    label itself.

    Args:
        entries: ``categories`` of the file: dicts of id, name and isthing;
            None where it has none.
        path: The file, for messages.
        classes: Names of the C classes.
        things: Labels of those whose segments are told apart.
        labels: Label by ``category_id``, in place of names; 255 is ignored.
        left_out: Names of categories that are ignored.

    Raises:
        ValueError: An entry is no such dict, or says of a class that it is a
            thing where the data set does not, or the other way round.
    """

    def __init__(
        self,
        entries: Any,
        path: str,
        classes: Sequence[str],
        things: Sequence[int],
        labels: Mapping[int, int] | None = None,
        left_out: Sequence[str] = (),
    ) -> None:
        self.path = path
        self.classes = tuple(classes)
        self.things = frozenset(things)
        self.names = {} if entries is None else _names(entries, path)
        if labels is None and entries is not None:
            labels = self._by_name(left_out)
            self._check_things(entries, labels)
        elif labels is None:
            labels = {i: i for i in range(len(classes))}
        self._labels = labels

    def find(self, category: Any, name: str) -> int | None:
        """The label of a category.

        Args:
            category: ``category_id`` of a segment.
            name: Of its image, for the message.

        Returns:
            0 .. C - 1; None where it is ignored.

        Raises:
            ValueError: It is no class.
        """
        label = self._labels.get(category)
        if label == VOID_LABEL:
            return None
        if label is None or label >= len(self.classes):
            raise UserValueError(
                f'{self.path}: a segment of {name} has category_id '
                f'{category}{self._reason(category)}'
            )
        return label

    def _by_name(self, left_out: Sequence[str]) -> dict[int, int]:
        labels = dict.fromkeys(left_out, VOID_LABEL)
        labels |= {c: i for i, c in enumerate(self.classes)}
        return {i: labels[n] for i, n in self.names.items() if n in labels}

    def _check_things(
        self, entries: Sequence[dict], labels: Mapping[int, int]
    ) -> None:
        for entry in entries:
            label = labels.get(entry['id'], VOID_LABEL)
            if label == VOID_LABEL or 'isthing' not in entry:
                continue
            if bool(entry['isthing']) != (label in self.things):
                has = 'has' if label in self.things else 'has not'
                raise UserValueError(
                    f'{self.path}: the category {entry["name"]!r} has isthing '
                    f'{entry["isthing"]}, and metainfo.{THING_CLASSES} of the '
                    f'data set {has} its name: change the one or the other'
                )

    def _reason(self, category: Any) -> str:
        if not self.names:
            return (
                ', and no categories in the file name it: expected a label, '
                f'0 .. {len(self.classes) - 1}, or categories (dicts of id, '
                'name and isthing) in the file'
            )
        if category not in self.names:
            return ', which is none of the categories of the file'
        other = [
            f'{i}: {name!r}'
            for i, name in self.names.items()
            if self._labels.get(i, len(self.classes)) >= len(self.classes)
            and self._labels.get(i) != VOID_LABEL
        ]
        return (
            f' ({self.names[category]!r}), which is none of the '
            f'{len(self.classes)} classes of the data set, as are categories '
            f'{_some(other)}: add them to metainfo.classes and '
            f'{THING_CLASSES}, or let label_classes of the data set name the '
            'class of each category_id (None: ignored)'
        )


def _names(entries: Any, path: str) -> dict[Any, str]:
    if not isinstance(entries, list) or not all(
        isinstance(entry, dict)
        and isinstance(entry.get('id'), int | str)
        and isinstance(entry.get('name'), str)
        for entry in entries
    ):
        raise UserValueError(
            f'{path}: categories are {str(entries)[:80]}, expected a list of '
            'dicts with id, name and isthing'
        )
    names: dict[Any, str] = {}
    for entry in entries:
        name = names.setdefault(entry['id'], entry['name'])
        if name != entry['name']:
            raise UserValueError(
                f'{path}: the categories {name!r} and {entry["name"]!r} have '
                f'one id, {entry["id"]!r}, expected one of its own for each'
            )
    return names


def _some(names: Sequence[str]) -> str:
    more = ', ...' if len(names) > SHOWN_NAMES else ''
    return ', '.join(names[:SHOWN_NAMES]) + more
