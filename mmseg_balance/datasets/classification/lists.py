"""Lists of images and their classes, ``train/bus/x.png 2`` a line."""

from collections.abc import Collection, Sequence
from pathlib import PurePosixPath
from typing import NamedTuple

from mmengine.fileio import get_text

from ...errors import UserFileNotFoundError, UserValueError
from ..files.image_suffixes import BYTE_ORDER_MARK


class Line(NamedTuple):
    """An image in a list.

    Attributes:
        path: As it stands there.
        label: Id of its class; None where the list has no ids.
        number: Of the line, from 1.
    """

    path: str
    label: int | None
    number: int


class ListedIds(NamedTuple):
    """What a list says.

    Attributes:
        file: The list.
        ids: Id of the class of each image, by the path of the image.
    """

    file: str
    ids: dict[str, int | None]


def read_list(file: str, backend_args: dict | None = None) -> list[Line]:
    """Read a list of images.

    The last word of a line is the id, so that paths may have blanks. A byte
    order mark, Windows' line ends and blank lines are left out.

    Args:
        file: The list.
        backend_args: See ``BaseSegDataset``.

    Returns:
        Its images. Either all have an id or none.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It is not UTF-8 or names nothing, or a line has no id
            where others have; names the line.
    """
    try:
        text = get_text(file, backend_args=backend_args)
    except FileNotFoundError as error:
        raise UserFileNotFoundError(
            f'{file} (ann_file) does not exist'
        ) from error
    except UnicodeDecodeError as error:
        raise UserValueError(
            f'{file} (ann_file) is not UTF-8 ({error}): save it as UTF-8'
        ) from error
    lines = [
        _parsed(line.strip(), number)
        for number, line in enumerate(
            text.removeprefix(BYTE_ORDER_MARK).splitlines(), 1
        )
        if line.strip()
    ]
    if not lines:
        raise UserValueError(f'{file} (ann_file) names no image')
    without = [line for line in lines if line.label is None]
    if without and len(without) < len(lines):
        raise UserValueError(
            f'{file} (ann_file), line {without[0].number}: '
            f'{without[0].path!r} has no id, expected a path, a blank and '
            f'the id of the class, as in the {len(lines) - len(without)} '
            'other lines'
        )
    return lines


def _parsed(line: str, number: int) -> Line:
    words = line.split()
    last = words[-1]
    is_id = last.removeprefix('-').isdecimal() and last.isascii()
    if len(words) < 2 or not is_id:
        return Line(line, None, number)
    return Line(line[: -len(last)].rstrip(), int(last), number)


def refuse_unknown_ids(
    file: str, lines: Sequence[Line], known: Collection[int]
) -> None:
    """Refuse ids that are no class.

    Args:
        file: The list.
        lines: Its images.
        known: Ids of the classes.

    Raises:
        ValueError: Names the first line, and how many there are.
    """
    allowed = {None, *known}
    wrong = [line for line in lines if line.label not in allowed]
    # data sets without names of classes are refused elsewhere
    if known and wrong:
        raise UserValueError(
            f'{file} (ann_file), line {wrong[0].number}: {wrong[0].path!r} '
            f'has the id {wrong[0].label}, expected {min(known)} .. '
            f'{max(known)} for the {len(known)} classes ({len(wrong)} of '
            f'{len(lines)} lines are such): take the list of this data set, '
            'or set metainfo.classes to the names in the order of its ids'
        )


def refuse_other_folders(
    file: str, lines: Sequence[Line], classes: Sequence[str]
) -> None:
    """Refuse ids of another class than the folder that an image lies in.

    Lists of one data set go round with their ids in several orders.

    Args:
        file: The list.
        lines: Its images.
        classes: Names of the classes by their ids; images in a folder whose
            name is none of them are not looked at.

    Raises:
        ValueError: Names the first line, and how many there are.
    """
    ids = {name: i for i, name in enumerate(classes)}
    wrong = [
        line
        for line in lines
        if line.label is not None
        and ids.get(_folder(line), line.label) != line.label
    ]
    if wrong:
        line = wrong[0]
        raise UserValueError(
            f'{file} (ann_file), line {line.number}: {line.path!r} has the '
            f'id {line.label}, which is {classes[line.label]!r}, and '
            f'{_folder(line)!r} is class {ids[_folder(line)]} '
            f'({len(wrong)} of {len(lines)} lines are such): its ids are in '
            'another order than the classes. Set metainfo.classes to the '
            'names in the order of the list, or ids_match_folders=False '
            'where images shall have another class than their folder'
        )


def refuse_contradictions(file: str, lines: Sequence[Line]) -> None:
    """Refuse a list that gives one image several classes.

    Args:
        file: The list.
        lines: Its images.

    Raises:
        ValueError: Names the image and both lines.
    """
    first: dict[str, Line] = {}
    for line in lines:
        other = first.setdefault(line.path, line)
        if other.label != line.label:
            raise UserValueError(
                f'{file} (ann_file): {line.path!r} has the id {other.label} '
                f'in line {other.number} and {line.label} in line '
                f'{line.number}: an image has one class'
            )


def refuse_disagreement(one: ListedIds, other: ListedIds) -> None:
    """Refuse two lists of the same split that say different things.

    Args:
        one: A list.
        other: The other one.

    Raises:
        ValueError: Names both, and where they differ.
    """
    a, b = one.ids, other.ids
    if a == b:
        return
    differing = [p for p in a if p in b and a[p] != b[p]]
    alone = [p for p in a if p not in b] + [p for p in b if p not in a]
    if differing:
        path = differing[0]
        found = f'{path!r} has the id {a[path]} in the one, {b[path]} in the '
        found += 'other'
    else:
        found = f'{alone[0]!r} is in one of them alone'
    raise UserValueError(
        f'{one.file} and {other.file} disagree on '
        f'{len(differing) + len(alone)} images, where each is a list of the '
        f'same ones: {found}. Remove the one that is wrong, or name the '
        'right one in ann_file'
    )


def _folder(line: Line) -> str:
    return PurePosixPath(line.path.replace('\\', '/')).parent.name
