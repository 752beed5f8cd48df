"""A part of the page under a heading of its own."""

from collections.abc import Sequence
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from .drawing.markup import tag


@dataclass(frozen=True)
class Section:
    """Heading, what it tells, and what is below.

    Attributes:
        name: Its address within the page.
        title: Heading.
        text: What it tells, in a plain sentence or two.
        body: Tables and pictures.
    """

    name: str
    title: str
    text: str
    body: Sequence[Element]

    def element(self) -> Element:
        """The section as HTML."""
        return tag(
            'section',
            tag('h2', self.title),
            tag('p', self.text, class_='says') if self.text else None,
            *self.body,
            id=self.name,
        )
