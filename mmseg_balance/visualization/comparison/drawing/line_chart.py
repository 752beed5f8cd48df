"""Lines over iterations, each with its name at its end."""

import math
from collections.abc import Sequence
from xml.etree.ElementTree import Element

from matplotlib.ticker import LogLocator, MaxNLocator

from .colours import method_colour, method_dashes
from .markup import tag
from .numbers import plain

WIDTH, HEIGHT = 540, 260
LEFT, RIGHT, TOP, BOTTOM = 48, 170, 12, 40
# between the names of two lines
LINE_HEIGHT = 13
MOST_LETTERS = 22
# of a line; more are averaged in groups
MOST_POINTS = 250
# between the largest and the smallest value of a logarithmic axis
DECADES = 2.0
# beyond the values, as a share of the axis
ROOM = 0.05

Points = Sequence[tuple[float, float]]


def line_chart(
    lines: Sequence[tuple[str, int, Points]], title: str, xlabel: str
) -> Element:
    """Several methods in one axis.

    Args:
        lines: Of each method the name, its place among all methods of the
            page, and pairs of x and y.
        title: What is on the y axis.
        xlabel: What is on the x axis.

    Returns:
        A figure. The y axis is logarithmic where all values are positive and
        span more than two decades.
    """
    thinned = [(name, i, thin(points)) for name, i, points in lines]
    values = [y for *_, points in thinned for _, y in points]
    log = min(values) > 0 and math.log10(max(values) / min(values)) > DECADES
    steps = [x for *_, points in thinned for x, _ in points]
    x_axis = _Axis(steps, LEFT, WIDTH - RIGHT, integer=True)
    y_axis = _Axis(values, HEIGHT - BOTTOM, TOP, log, padded=True)
    parts = [*_grid(x_axis, y_axis, xlabel)]
    ends = [y_axis.at(points[-1][1]) for *_, points in thinned]
    places = spread(ends, LINE_HEIGHT, TOP, HEIGHT - BOTTOM)
    for (name, i, points), end, place in zip(
        thinned, ends, places, strict=True
    ):
        path = 'M' + 'L'.join(
            f'{x_axis.at(x):.1f} {y_axis.at(y):.1f}' for x, y in points
        )
        last = x_axis.at(points[-1][0])
        beside = WIDTH - RIGHT + 14
        parts.append(
            tag(
                'g',
                tag('title', f'{name}: {plain(points[-1][1], 3)} at the end'),
                tag(
                    'path',
                    d=path,
                    stroke=method_colour(i),
                    stroke_dasharray=method_dashes(i) or None,
                    class_='line',
                ),
                tag('circle', cx=last, cy=end, r=2.5, fill=method_colour(i)),
                tag(
                    'path',
                    d=f'M{last + 4:.1f} {end:.1f}L{beside} {place:.1f}',
                    class_='leader',
                ),
                tag(
                    'path',
                    d=f'M{beside} {place:.1f}h16',
                    stroke=method_colour(i),
                    stroke_dasharray=method_dashes(i) or None,
                    class_='line',
                ),
                tag(
                    'text',
                    shortened(name),
                    x=beside + 20,
                    y=place + 4,
                    class_='label',
                ),
                data_method=i,
            )
        )
    return tag(
        'figure',
        tag('figcaption', title + (' (logarithmic)' if log else '')),
        tag(
            'svg',
            *parts,
            viewBox=f'0 0 {WIDTH} {HEIGHT}',
            role='img',
            aria_label=f'{title} over {xlabel}',
        ),
        class_='curve',
    )


def thin(points: Points) -> list[tuple[float, float]]:
    """At most ``MOST_POINTS`` points, means of neighbours; no NaN.

    Args:
        points: Pairs of x and y.
    """
    finite = sorted((x, y) for x, y in points if math.isfinite(y))
    size = math.ceil(len(finite) / MOST_POINTS)
    if size <= 1:
        return finite
    groups = [finite[i : i + size] for i in range(0, len(finite), size)]
    return [
        # at the last of them: the end of a training is where it is
        (group[-1][0], math.fsum(y for _, y in group) / len(group))
        for group in groups
    ]


def spread(
    places: Sequence[float], apart: float, low: float, high: float
) -> list[float]:
    """Move places that are too near to each other apart.

    Args:
        places: Where labels would be.
        apart: Distance that neighbours need.
        low, high: Where the first and the last may be.

    Returns:
        Where they are, in the order of ``places``; closer than ``apart``
        only where there is no room for all.
    """
    order = sorted(range(len(places)), key=lambda i: places[i])
    apart = min(apart, (high - low) / max(len(order) - 1, 1))
    moved = [min(max(places[i], low), high) for i in order]
    for i in range(1, len(moved)):
        moved[i] = max(moved[i], moved[i - 1] + apart)
    if moved:
        moved[-1] = min(moved[-1], high)
    for i in range(len(moved) - 2, -1, -1):
        moved[i] = min(moved[i], moved[i + 1] - apart)
    out = [0.0] * len(places)
    for i, place in zip(order, moved, strict=True):
        out[i] = place
    return out


def shortened(name: str) -> str:
    """A name that fits beside a line: its middle is left out."""
    if len(name) <= MOST_LETTERS:
        return name
    tail = MOST_LETTERS // 2
    return f'{name[: MOST_LETTERS - tail - 1]}\u2026{name[-tail:]}'


class _Axis:
    """From values to px, with some room at both ends of ``padded`` axes."""

    def __init__(
        self,
        values: Sequence[float],
        start: float,
        stop: float,
        log: bool = False,
        padded: bool = False,
        integer: bool = False,
    ) -> None:
        self.start, self.stop = start, stop
        self.scaled = math.log10 if log else float
        low, high = self.scaled(min(values)), self.scaled(max(values))
        room = ROOM * (high - low) if padded else 0.0
        if low == high:
            room = 0.5
        self.low, self.high = low - room, high + room
        locator = (
            LogLocator()
            if log
            else MaxNLocator(5, integer=integer, steps=[1, 2, 2.5, 5, 10])
        )
        ends = self.low, self.high
        self.ticks = [
            tick
            for tick in locator.tick_values(
                *(10**end if log else end for end in ends)
            )
            if ends[0] <= self.scaled(tick) <= ends[1]
        ]

    def at(self, value: float) -> float:
        share = (self.scaled(value) - self.low) / (self.high - self.low)
        return self.start + (self.stop - self.start) * share


def _grid(x_axis: _Axis, y_axis: _Axis, xlabel: str) -> list[Element]:
    bottom = HEIGHT - BOTTOM
    parts = []
    for tick in y_axis.ticks:
        y = y_axis.at(tick)
        parts += [
            tag('path', d=f'M{LEFT} {y:.1f}H{WIDTH - RIGHT}', class_='tick'),
            tag('text', f'{tick:g}', x=LEFT - 6, y=y + 4, text_anchor='end'),
        ]
    parts.append(
        tag('path', d=f'M{LEFT} {bottom}H{WIDTH - RIGHT}', class_='zero')
    )
    for tick in x_axis.ticks:
        x = x_axis.at(tick)
        label = f'{tick / 1000:g}k' if x_axis.high >= 10000 else f'{tick:g}'
        parts.append(
            tag('text', label, x=x, y=bottom + 15, text_anchor='middle')
        )
    parts.append(
        tag(
            'text',
            xlabel,
            x=(LEFT + WIDTH - RIGHT) / 2,
            y=HEIGHT - 5,
            text_anchor='middle',
        )
    )
    return parts
