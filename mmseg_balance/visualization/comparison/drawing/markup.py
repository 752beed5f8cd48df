"""HTML as a tree, so that whatever is put into it is escaped."""

import re
from collections.abc import Iterable
from xml.etree.ElementTree import Element, tostring


def tag(
    name: str,
    /,
    *children: Element | str | None,
    **attributes: str | float | bool | None,
) -> Element:
    """An element.

    Args:
        name: Of the element, 'td' for one.
        children: What it holds, in this order; text is escaped when the
            tree is written, and None is left out.
        attributes: Underscores stand for hyphens, and one at the end is
            dropped (``class_='best'``, ``data_value=3``). None and False
            leave an attribute out, True gives it no value.

    Returns:
        The element.
    """
    made = Element(name)
    for key, value in attributes.items():
        if value is None or value is False:
            continue
        key = key.rstrip('_').replace('_', '-')
        if isinstance(value, float):
            value = f'{value:g}'
        made.set(key, '' if value is True else str(value))
    add(made, children)
    return made


def add(parent: Element, children: Iterable[Element | str | None]) -> None:
    """Append elements and text to an element, see :func:`tag`."""
    for child in children:
        if isinstance(child, Element):
            parent.append(child)
        elif child is not None and len(parent):
            parent[-1].tail = (parent[-1].tail or '') + child
        elif child is not None:
            parent.text = (parent.text or '') + child


def breakable(text: str) -> list[Element | str]:
    """A name that may go on in the next line behind ``_``, ``-`` and ``/``.

    Args:
        text: The name.

    Returns:
        Children for :func:`tag`.
    """
    children: list[Element | str] = []
    for piece in re.findall(r'[^_/-]*[_/-]|[^_/-]+', text):
        children += [piece, tag('wbr')]
    return children[:-1]


def to_html(element: Element) -> str:
    """The element and what it holds, as HTML."""
    return tostring(element, encoding='unicode', method='html')


def scrolling(content: Element, label: str) -> Element:
    """A box that what is wider than the page scrolls in.

    Args:
        content: What is in it.
        label: What a screen reader calls it.
    """
    return tag(
        'div',
        content,
        class_='scroll',
        tabindex=0,
        role='region',
        aria_label=label,
    )
