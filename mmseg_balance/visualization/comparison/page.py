"""Methods compared, as one HTML file that needs no other file."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from xml.etree.ElementTree import Element

import numpy as np

from ...errors import UserValueError
from ...files.writing import write_atomically
from .class_charts import bias_section, score_chart_section
from .class_table import class_table_section
from .confusions import confusion_section
from .content import Content
from .curves import curve_section
from .differences import difference_section
from .drawing.behaviour import SCRIPT
from .drawing.chart_style import CHART_STYLE
from .drawing.markup import tag, to_html
from .drawing.numbers import count
from .drawing.pictures import figure
from .drawing.style import STYLE
from .sample_grid import sample_section
from .score_table import score_section
from .section import Section

# with fewer sections the page is seen at a glance
LEAST_SECTIONS_LISTED = 4


def write_page(path: str | Path, content: Content) -> Path:
    """Write a page that opens without a network.

    Args:
        path: File to write, replaced where it exists.
        content: What it shows.

    Returns:
        The path.

    Raises:
        ValueError: There is no method, two have one name, or palette,
            confusion or samples do not fit the classes; says which.
    """
    _check(content)
    # what is seen at a glance comes before what is looked up
    made = [
        score_section(content),
        difference_section(content),
        bias_section(content),
        sample_section(content),
        _figure_section(content),
        score_chart_section(content),
        class_table_section(content),
        confusion_section(content),
        curve_section(content),
    ]
    sections = [section for section in made if section is not None]
    html = _document(
        content.title,
        tag(
            'main',
            tag('h1', content.title),
            tag('p', _summary(content)),
            *(tag('p', paragraph) for paragraph in content.intro),
            _notes(content.notes),
            _contents(sections),
            *(section.element() for section in sections),
        ),
    )
    path = Path(path)
    # file names may hold what is no text
    write_atomically(path, html.encode('utf-8', 'replace'))
    return path


def _check(content: Content) -> None:
    num = len(content.classes)
    if not content.methods:
        raise UserValueError('Expected at least one method, got none')
    names = Counter(method.name for method in content.methods)
    twice = [name for name, times in names.items() if times > 1]
    if twice:
        raise UserValueError(
            f'Expected a name of its own for each method, but {twice} occur '
            'more than once'
        )
    if len(content.palette) != num:
        raise UserValueError(
            f'Expected a colour for each of {num} classes, got '
            f'{len(content.palette)}'
        )
    for method in content.methods:
        if method.confusion is None:
            continue
        shape = np.shape(method.confusion)
        if shape != (num, num):
            raise UserValueError(
                f'Expected the confusion of {method.name!r} to be of shape '
                f'{(num, num)}, one row and column for each class, but got '
                f'{shape}'
            )


def _document(title: str, main: Element) -> str:
    document = tag(
        'html',
        tag(
            'head',
            tag('meta', charset='utf-8'),
            tag(
                'meta',
                name='viewport',
                content='width=device-width, initial-scale=1',
            ),
            tag('title', title),
            tag('style', CHART_STYLE + STYLE),
        ),
        tag('body', main, tag('script', SCRIPT)),
        lang='en',
    )
    return f'<!DOCTYPE html>\n{to_html(document)}\n'


def _summary(content: Content) -> str:
    runs = sum(max(len(method.seeds), 1) for method in content.methods)
    return (
        f'{count(len(content.methods), "method")}, '
        f'{count(runs, "run")}, '
        f'{count(len(content.classes), "class", "classes")}.'
    )


def _notes(notes: Sequence[str]) -> Element | None:
    if not notes:
        return None
    return tag('ul', *(tag('li', note) for note in notes), class_='notes')


def _contents(sections: Sequence[Section]) -> Element | None:
    if len(sections) < LEAST_SECTIONS_LISTED:
        return None
    links = [
        tag('li', tag('a', section.title, href=f'#{section.name}'))
        for section in sections
    ]
    return tag('nav', tag('ul', *links), aria_label='Contents')


def _figure_section(content: Content) -> Section | None:
    if not content.figures:
        return None
    body = []
    for one in content.figures:
        body += [
            tag('h3', one.title),
            tag('p', one.text) if one.text else None,
            tag('div', figure(one.png, one.title), class_='picture'),
        ]
    return Section(
        'figures', 'Figures', '', [part for part in body if part is not None]
    )
