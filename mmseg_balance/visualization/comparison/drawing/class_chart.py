"""A row for each class, with a bar or a mark for each method."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from matplotlib.ticker import MaxNLocator

from .colours import method_colour, method_mark
from .legend import method_legend, swatch
from .markup import add, tag
from .numbers import PLUS_MINUS, plain, signed

# with more methods there are marks instead of bars
MOST_BARS = 4
# of one column of rows; with more there are more columns
MOST_ROWS = 25
BAR, GAP = 11, 7
# an axis up to here has numbers with two digits behind the point
NARROW = 5.0
# height of a row of marks
MARKS = 32


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
    low, high = _ends(series, both_sides)
    scale = _Scale(low, high, both_sides)
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
                _row(series, i, scale, f'{classes[i]}, {{}}: {{}} {unit}'),
                class_='row',
            )
            for i in order[start : start + num_rows]
        ]
        columns.append(
            tag('div', tag('div', tag('span'), scale.axis(unit), class_='row'))
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


class _Scale:
    """Where values lie, in percent of the width."""

    def __init__(self, low: float, high: float, both_sides: bool) -> None:
        self.low, self.high, self.both_sides = low, high, both_sides
        ticks = MaxNLocator(4).tick_values(low, high).tolist()
        self.ticks = [t for t in ticks if low <= t <= high]

    def at(self, value: float) -> str:
        share = (value - self.low) / (self.high - self.low)
        return f'{100 * min(max(share, 0.0), 1.0):.4g}%'

    def text(self, value: float, digits: int | None = None) -> str:
        if digits is None:
            digits = 1 if self.high - self.low > NARROW else 2
        return (signed if self.both_sides else plain)(value, digits)

    def lines(self, height: int) -> Iterator[Element]:
        for tick in self.ticks:
            yield tag(
                'line',
                x1=self.at(tick),
                x2=self.at(tick),
                y2=height,
                class_='zero' if tick == 0 else 'tick',
            )

    def axis(self, unit: str) -> Element:
        digits = next(
            (n for n in (0, 1) if all(t == round(t, n) for t in self.ticks)), 2
        )
        last = len(self.ticks) - 1
        return tag(
            'svg',
            *(
                tag(
                    'text',
                    self.text(tick, digits) + (f' {unit}' * (i == last)),
                    x=self.at(tick),
                    y=11,
                    text_anchor='middle',
                )
                for i, tick in enumerate(self.ticks)
            ),
            height=15,
            aria_hidden='true',
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
    series: Sequence[Series], which: int, scale: _Scale, form: str
) -> Element:
    bars = len(series) <= MOST_BARS
    height = GAP + BAR * len(series) if bars else MARKS
    row = tag('svg', *scale.lines(height), height=height, role='img')
    spoken = []
    for i, one in enumerate(series):
        value, std = one.values[which], one.stds[which]
        if value is None:
            if bars:
                y = GAP / 2 + BAR * (i + 0.8)
                add(row, [tag('text', 'none', x=scale.at(0), dx=4, y=y)])
            continue
        text = scale.text(value, 2)
        text += f' {PLUS_MINUS} {plain(std)}' if std is not None else ''
        title = form.format(one.name.replace('{', '{{'), text)
        spoken.append(f'{one.name} {text}')
        if bars:
            y = GAP / 2 + BAR * i
            parts = _bar(one.index, value, std, y, scale)
        else:
            y = 5 + (MARKS - 10) * i / (len(series) - 1)
            parts = _mark(one.index, value, std, y, scale)
        add(
            row,
            [tag('g', tag('title', title), *parts, data_method=one.index)],
        )
    row.set('aria-label', '; '.join(spoken) or 'no value')
    return row


def _bar(
    index: int, value: float, std: float | None, y: float, scale: _Scale
) -> list[Element]:
    start, stop = sorted((0.0, value))
    left, right = (float(scale.at(v)[:-1]) for v in (start, stop))
    middle = y + BAR / 2
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
        *_whisker(value, std, middle, scale, '#000'),
        tag(
            'text',
            scale.text(value),
            x=scale.at(end),
            dx=4 if value >= 0 else -4,
            y=y + BAR - 2,
            text_anchor='start' if value >= 0 else 'end',
        ),
    ]


def _mark(
    index: int, value: float, std: float | None, y: float, scale: _Scale
) -> list[Element]:
    return [
        *_whisker(value, std, y, scale, method_colour(index)),
        tag(
            'svg',
            tag('path', d=method_mark(index), fill=method_colour(index)),
            x=scale.at(value),
            y=y,
            class_='place',
        ),
    ]


def _whisker(
    value: float,
    std: float | None,
    y: float,
    scale: _Scale,
    colour: str,
) -> list[Element]:
    if not std:
        return []
    return [
        tag(
            'line',
            x1=scale.at(value - std),
            x2=scale.at(value + std),
            y1=y,
            y2=y,
            class_='whisker',
            stroke=colour,
        )
    ]
