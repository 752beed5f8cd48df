"""Which colour is which method, and which class."""

from collections.abc import Sequence
from xml.etree.ElementTree import Element

from .colours import method_colour, method_mark
from .markup import tag


def mark(index: int) -> Element:
    """The mark of the i-th method."""
    return tag(
        'svg',
        tag('path', d=method_mark(index), fill=method_colour(index)),
        class_='mark',
        viewBox='-6 -6 12 12',
        aria_hidden='true',
    )


def method_legend(names: Sequence[str], shown: Sequence[int]) -> Element:
    """Methods with their marks; one that is pointed at stands out.

    Args:
        names: Of all methods of the page.
        shown: Those that are in the chart, by their index.
    """
    return tag(
        'ul',
        *(
            tag('li', mark(i), names[i], class_='method', data_method=i)
            for i in shown
        ),
        class_='legend',
    )


def swatch(rgb: Sequence[int] | str) -> Element:
    """A square of a colour.

    Args:
        rgb: Three numbers, 0 to 255, or a colour as HTML has it.
    """
    if not isinstance(rgb, str):
        rgb = f'rgb({",".join(str(int(v)) for v in rgb)})'
    return tag('i', class_='swatch', style=f'background:{rgb}')


def colour_legend(
    entries: Sequence[tuple[Sequence[int] | str, str]],
) -> Element:
    """Colours with their meanings."""
    return tag(
        'ul',
        *(tag('li', swatch(colour), text) for colour, text in entries),
        class_='legend',
    )
