"""A table that is sorted by a click on a heading."""

from collections.abc import Sequence
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from .markup import breakable, scrolling, tag


@dataclass(frozen=True)
class Column:
    """Heading of a column.

    Attributes:
        name: Its text.
        title: What it means, shown when a mouse rests on it.
        group: Heading above it and its neighbours of the same group.
        sortable: Whether a click sorts by it.
        less: The first click sorts rising: what is better small.
        words: The column holds words, not numbers.
        drawn: What the heading holds below its text, an axis for one.
    """

    name: str
    title: str = ''
    group: str = ''
    sortable: bool = True
    less: bool = False
    words: bool = False
    drawn: Element | None = None


def cell(
    *content: Element | str | None,
    value: float | str | None = None,
    heading: bool = False,
    **attributes: str | float | bool | None,
) -> Element:
    """A cell.

    Args:
        content: What it shows.
        value: What it is sorted by; cells of None come last.
        heading: The cell names its row.
        attributes: See :func:`tag`.
    """
    # more digits than are shown, so that no two change places
    data = repr(float(value)) if isinstance(value, int | float) else value
    return tag(
        'th' if heading else 'td',
        *content,
        scope='row' if heading else None,
        data_value=data,
        **attributes,
    )


def table(
    caption: str, columns: Sequence[Column], rows: Sequence[Sequence[Element]]
) -> Element:
    """A table in a box of its own, where it scrolls.

    Args:
        caption: Its name.
        columns: Headings.
        rows: Cells of each row, one for each column.

    Returns:
        HTML; complete without JavaScript, which adds the sorting.
    """
    heads = [
        tag(
            'th',
            tag('span', *breakable(column.name)),
            column.drawn,
            scope='col',
            title=column.title or None,
            data_sort=('less' if column.less or column.words else 'more')
            if column.sortable
            else None,
            data_column=i,
            class_=_class(columns, i),
        )
        for i, column in enumerate(columns)
    ]
    for row in rows:
        for i, made in enumerate(row):
            if _class(columns, i):
                of_cell = made.get('class', '')
                made.set('class', f'{of_cell} {_class(columns, i)}'.strip())
    return scrolling(
        tag(
            'table',
            tag('caption', caption),
            tag('thead', _groups(columns), tag('tr', *heads)),
            tag('tbody', *(tag('tr', *row) for row in rows)),
        ),
        caption,
    )


def _class(columns: Sequence[Column], i: int) -> str | None:
    names = ['words'] if columns[i].words else []
    names += ['starts'] if _starts(columns, i) else []
    return ' '.join(names) or None


def _starts(columns: Sequence[Column], i: int) -> bool:
    """Whether the i-th column is the first of a group behind another."""
    group = columns[i].group
    return bool(group) and i > 0 and columns[i - 1].group != group


def _groups(columns: Sequence[Column]) -> Element | None:
    """The row of headings of groups, where there are any."""
    if not any(column.group for column in columns):
        return None
    cells: list[Element] = []
    for i, column in enumerate(columns):
        if i and column.group == columns[i - 1].group:
            cells[-1].set('colspan', str(int(cells[-1].get('colspan', 1)) + 1))
            continue
        cells.append(
            tag(
                'th',
                column.group,
                scope='colgroup',
                class_='starts' if _starts(columns, i) else None,
            )
            if column.group
            else tag('td')
        )
    return tag('tr', *cells, class_='groups')
