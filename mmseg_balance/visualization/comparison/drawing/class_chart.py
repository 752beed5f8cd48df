"""A row for each class, with a bar or a mark for each method."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from xml.etree.ElementTree import Element

from matplotlib.ticker import MaxNLocator

from .colours import method_colour, method_mark
from .legend import method_legend, swatch
from .markup import add, tag
from .numbers import PLUS_MINUS, plain, signed
from .scale import Scale

# with more methods there are marks instead of bars
MOST_BARS = 4
# of one column of rows; with more there are more columns
MOST_ROWS = 25
BAR, GAP = 11, 7
# an axis up to here has numbers with two digits behind the point
NARROW = 5.0
# height of a row of marks, and what is above the first of them
MARKS, MARK_ROOM = 32, 5
# width of error bars
THIN = 1.2


@dataclass(frozen=True)
class Series:
    """Values of one method.

    Attributes:
        name: Of the method.
        index: Its place among all methods of the page, which gives colour
            and mark.
        values: One for each class; None where there is none.
        stds: Half lengths of the error bars, likewise.
    """

    name: str
    index: int
    values: Sequence[float | None]
    stds: Sequence[float | None]


def class_chart(
    classes: Sequence[str],
    palette: Sequence,
    series: Sequence[Series],
    order: Sequence[int],
    unit: str,
    both_sides: bool = False,
) -> Element:
    """Horizontal bars, or marks of more than four methods.

    Args:
        classes: Names of the C classes.
        palette: RGB of each class, 0 to 255.
        series: Methods, at least one.
        order: Classes to show, from top to bottom.
        unit: Of the values, '%' for one.
        both_sides: Zero is in the middle; the values have a sign.

    Returns:
        HTML that is as wide as there is room.
    """
    scale = Scale(*_ends(series, both_sides))
    axis = partial(scale.axis, signed if both_sides else plain, unit)
    num_columns = max(math.ceil(len(order) / MOST_ROWS), 1)
    if num_columns == 1 and len(order) > 10:
        num_columns = 2
    num_rows = math.ceil(len(order) / num_columns)
    columns = []
    for start in range(0, len(order), max(num_rows, 1)):
        rows = [
            tag(
                'div',
                tag('span', swatch(palette[i]), classes[i], class_='name'),
                _row(classes[i], series, i, scale, unit),
                class_='row',
            )
            for i in order[start : start + num_rows]
        ]
        columns.append(
            tag('div', tag('div', tag('span'), axis(), class_='row'))
        )
        add(columns[-1], rows)
    names = {s.index: s.name for s in series}
    return tag(
        'div',
        method_legend(
            [names.get(i, '') for i in range(max(names) + 1)], sorted(names)
        ),
        tag(
            'div',
            *columns,
            class_='columns many' if num_columns > 2 else 'columns',
            style=f'--columns:{min(num_columns, 3)}',
        ),
        class_='chart signed' if both_sides else 'chart',
    )


def _ends(series: Sequence[Series], both_sides: bool) -> tuple[float, float]:
    """Where the axis starts and ends: round numbers, 0 between them."""
    ends = [0.0]
    for one in series:
        for value, std in zip(one.values, one.stds, strict=True):
            if value is not None:
                ends += [value - (std or 0.0), value + (std or 0.0)]
    low, high = (min(ends), max(ends)) if both_sides else (0.0, max(ends))
    ticks = MaxNLocator(5).tick_values(low, high if high > low else low + 1)
    low, high = float(ticks[0]), float(ticks[-1])
    # a percentage is not above 100, whatever its error bar says
    return (low, high) if both_sides else (0.0, min(high, 100.0))


def _row(
    name: str, series: Sequence[Series], which: int, scale: Scale, unit: str
) -> Element:
    bars = len(series) <= MOST_BARS
    height = GAP + BAR * len(series) if bars else MARKS
    row = tag('svg', *scale.grid(height), height=height, role='img')
    spoken = []
    for i, one in enumerate(series):
        value, std = one.values[which], one.stds[which]
        y = GAP / 2 + BAR * i if bars else MARK_ROOM + _lane(i, len(series))
        if value is None:
            if bars:
                text = tag('text', 'none', x=scale.at(0), dx=4, y=y + BAR - 2)
                add(row, [text])
            continue
        text = _write(value, scale, 2)
        text += f' {PLUS_MINUS} {plain(std)}' if std is not None else ''
        spoken.append(f'{one.name} {text}')
        draw = _bar if bars else _mark
        parts = draw(one.index, value, std, y, scale)
        title = tag('title', f'{name}, {one.name}: {text} {unit}')
        add(row, [tag('g', title, *parts, data_method=one.index)])
    row.set('aria-label', '; '.join(spoken) or 'no value')
    return row


def _write(value: float, scale: Scale, digits: int) -> str:
    return (signed if scale.low < 0 else plain)(value, digits)


def _lane(i: int, num: int) -> float:
    """Height of the i-th of the marks, so that few cover each other."""
    return (MARKS - 2 * MARK_ROOM) * i / (num - 1)


def _bar(
    index: int, value: float, std: float | None, y: float, scale: Scale
) -> list[Element]:
    left, right = sorted((scale.share(0.0), scale.share(value)))
    digits = 1 if scale.high - scale.low > NARROW else 2
    end = value + math.copysign(std or 0.0, value)
    return [
        tag(
            'rect',
            x=f'{left:.4g}%',
            y=y + 1,
            width=f'{right - left:.4g}%',
            height=BAR - 2,
            fill=method_colour(index),
        ),
        *_error_bar(value, std, y + BAR / 2, scale, '#000'),
        tag(
            'text',
            _write(value, scale, digits),
            x=scale.at(end),
            dx=4 if value >= 0 else -4,
            y=y + BAR - 2,
            text_anchor='start' if value >= 0 else 'end',
        ),
    ]


def _mark(
    index: int, value: float, std: float | None, y: float, scale: Scale
) -> list[Element]:
    return [
        *_error_bar(value, std, y, scale, method_colour(index)),
        tag(
            'svg',
            tag('path', d=method_mark(index), fill=method_colour(index)),
            x=scale.at(value),
            y=y,
            class_='place',
        ),
    ]


def _error_bar(
    value: float, std: float | None, y: float, scale: Scale, colour: str
) -> list[Element]:
    if not std:
        return []
    return [scale.line(value - std, value + std, y, THIN, colour)]
