"""A matrix of classes by classes as a picture with names on both sides."""

from collections.abc import Callable, Sequence
from xml.etree.ElementTree import Element

import numpy as np

from .colours import ink_on
from .markup import scrolling, tag
from .numbers import plain, signed

# sides of a cell in px, for this many classes at most
SIDES = ((25, 30), (60, 16))
SMALLEST = 9
NUMBERS_UP_TO = 25
# of many classes; what is smaller has no colour that is seen
LEAST_SHOWN = 0.5


def class_matrix(
    values: np.ndarray,
    classes: Sequence[str],
    caption: str,
    colour: Callable[[float], str],
    with_sign: bool = False,
) -> Element:
    """Coloured cells, with numbers where there is room for them.

    Args:
        values: Percentages or points (C, C), rows are true classes; rows of
            NaN are grey.
        classes: Names of the C classes.
        caption: What a screen reader calls it.
        colour: Of a value.
        with_sign: The values are differences.

    Returns:
        HTML. Each cell says what it is when a mouse rests on it; with more
        than 25 classes, cells of less than 0.5 have none.
    """
    num = len(classes)
    side = next((s for most, s in SIDES if num <= most), SMALLEST)
    size = num * side
    text = signed if with_sign else plain
    cells: list[Element] = []
    for i, row in enumerate(values):
        if np.isnan(row).all():
            cells.append(
                tag(
                    'rect',
                    tag('title', f'{classes[i]}: no labelled pixel'),
                    y=i * side,
                    width=size,
                    height=side,
                    fill='#d9d9d9',
                )
            )
            continue
        for j, value in enumerate(row.tolist()):
            if num > NUMBERS_UP_TO and abs(value) < LEAST_SHOWN:
                continue
            fill = colour(value)
            title = f'{classes[i]} taken for {classes[j]}'
            title = f'{classes[i]} found' if i == j else title
            title += f': {text(value, 1)} {"points" if with_sign else "%"}'
            cells.append(
                tag(
                    'rect',
                    tag('title', title),
                    x=j * side,
                    y=i * side,
                    width=side,
                    height=side,
                    fill=fill,
                )
            )
            if num <= NUMBERS_UP_TO and abs(value) >= 0.05:
                digits = 1 if abs(value) < 9.95 else 0
                cells.append(
                    tag(
                        'text',
                        text(value, digits),
                        x=(j + 0.5) * side,
                        y=(i + 0.5) * side + 4,
                        fill=ink_on(fill),
                    )
                )
    frame = f'M0 0H{size}V{size}H0Z'
    if num > NUMBERS_UP_TO:
        # where the diagonal is
        frame += f'M0 0L{size} {size}'
    picture = tag(
        'svg',
        *cells,
        tag('path', d=frame, class_='frame'),
        width=size,
        height=size,
        viewBox=f'0 0 {size} {size}',
        role='img',
        aria_label=caption,
    )
    return scrolling(
        tag(
            'div',
            tag('span', 'true \u2193  predicted \u2192', class_='corner'),
            tag('div', *(tag('span', c) for c in classes), class_='above'),
            tag('div', *(tag('span', c) for c in classes), class_='beside'),
            picture,
            class_='matrix',
            style=f'--side:{side}px',
        ),
        caption,
    )
