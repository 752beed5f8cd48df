"""A page as a reader without a browser finds it."""

import re
from html.parser import HTMLParser

VOID = {'br', 'col', 'img', 'input', 'link', 'meta', 'wbr'}
LOADING = {'src', 'href', 'srcset', 'poster', 'data', 'action'}


class HtmlPage(HTMLParser):
    """Tables, pictures and texts of a page; its tags must be closed.

    Attributes:
        tables: By their caption, rows of the texts of the cells, the
            headings first; rows of group headings are left out.
        attributes: Likewise, the attributes of each cell.
        loads: What the page loads or links to.
        sections: Ids of the sections.
        tags: Each tag and its attributes.
        text: All of it that is neither script nor style.
    """

    def __init__(self, html):
        super().__init__()
        self.tables, self.attributes = {}, {}
        self.loads, self.sections, self.tags = [], [], []
        self.text = ''
        self._open, self._rows, self._cells = [], None, None
        self._caption = ''
        self.feed(html)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.tags.append((tag, attributes))
        self.loads += [v for k, v in attributes.items() if k in LOADING]
        if tag not in VOID:
            self._open.append(tag)
        if tag == 'section':
            self.sections.append(attributes['id'])
        if tag == 'table':
            self._rows, self._cells, self._caption = [], [], ''
        if tag == 'tr':
            self._grouping = attributes.get('class') == 'groups'
            if not self._grouping:
                self._rows.append([])
                self._cells.append([])
        if tag in ('td', 'th') and not self._grouping:
            self._rows[-1].append('')
            self._cells[-1].append(attributes)

    def handle_endtag(self, tag):
        assert self._open.pop() == tag
        if tag == 'table':
            assert self._caption not in self.tables
            self.tables[self._caption] = self._rows
            self.attributes[self._caption] = self._cells
            self._rows = None

    def handle_data(self, data):
        inside = self._open[-1] if self._open else ''
        if inside in ('script', 'style'):
            return
        self.text += data
        if inside == 'caption':
            self._caption += data
        elif 'td' in self._open[-4:] or 'th' in self._open[-4:]:
            in_plot = 'svg' in self._open[-3:]
            if self._rows and self._rows[-1] and not in_plot:
                self._rows[-1][-1] += data


def shapes(html, tag):
    """Attributes of each element of a kind, in order."""
    return [a for t, a in HtmlPage(html).tags if t == tag]


def percent(text):
    """Number before a percent sign."""
    return float(re.fullmatch(r'(-?[\d.e-]+)%', text)[1])
