"""Names of methods: of their config, and of what tells them apart."""

import reprlib
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from ...errors import UserValueError
from .evaluated_as import balancing_of
from .grouping import Group, differences
from .result import VALIDATION

MOST_KEYS = 3
# what the base of a name says already
SAID = ('kind', 'part', 'variant', 'snapshot', 'balancing')


def name_groups(
    groups: Sequence[Group], names: Sequence[str] | None = None
) -> None:
    """Give each group its name.

    Args:
        groups: The groups, changed in place.
        names: Names to take instead, one a group.

    Raises:
        ValueError: There are more or fewer names than groups, or one twice.
    """
    parts = {g.first.part for g in groups}
    kinds = {g.first.kind for g in groups}
    for member in groups:
        member.name = _base(member, 'teacher' in parts, len(kinds) > 1)
    same: dict[str, list[Group]] = defaultdict(list)
    for member in groups:
        same[member.name].append(member)
    for members in same.values():
        if len(members) > 1:
            _tell_apart(members)
    if names is not None:
        _rename(groups, names)


def _base(member: Group, says_part: bool, says_kind: bool) -> str:
    first = member.first
    words = first.name + balancing_of(first.evaluated)
    details = [
        first.variant,
        first.part if says_part else '',
        # a step that is not the last is one of a validation in any case
        VALIDATION if says_kind and first.kind == VALIDATION else '',
        first.progress,
    ]
    shown = ', '.join(detail for detail in details if detail)
    return f'{words} ({shown})' if shown else words


def _tell_apart(members: Sequence[Group]) -> None:
    """Add the settings that differ between groups of one name."""
    first = members[0]
    changes = [differences(first.first, member.first) for member in members]
    keys = list(dict.fromkeys(c.key for found in changes for c in found))
    keys = [key for key in keys if key not in SAID]
    found: list[dict[str, Any]] = [
        {change.key: change.new for change in of} for of in changes
    ]
    old = {c.key: c.old for of in changes for c in of}
    base = first.name
    for member, values in zip(members, found, strict=True):
        words = [
            f'{key.rpartition(".")[2]}={_short(values.get(key, old[key]))}'
            for key in keys[:MOST_KEYS]
        ]
        member.name = f'{base} [{", ".join(words)}]'
    # what is long, or differs in a fourth key
    for i, member in enumerate(members):
        if member.name in [other.name for other in members[:i]]:
            member.name = f'{base} [{_place(member)}]'


def _rename(groups: Sequence[Group], names: Sequence[str]) -> None:
    shown = ', '.join(repr(member.name) for member in groups)
    if len(names) != len(groups):
        raise UserValueError(
            f'--names has {len(names)} names, expected {len(groups)}, one '
            f'for each of {shown}'
        )
    twice = {name for name in names if list(names).count(name) > 1}
    if twice:
        raise UserValueError(
            f'--names has {sorted(twice)[0]!r} twice, expected another name '
            f'for each of {shown}'
        )
    for member, name in zip(groups, names, strict=True):
        member.name = name


def _short(value: Any) -> str:
    short = reprlib.Repr()
    short.maxstring, short.maxlevel, short.maxother = 24, 1, 24
    text = value if isinstance(value, str) else short.repr(value)
    return text if len(text) <= 40 else f'{text[:37]}...'


def _place(member: Group) -> str:
    folder = member.first.training or member.first.file.parent
    return str(folder)
