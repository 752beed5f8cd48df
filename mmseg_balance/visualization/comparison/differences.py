"""Differences of methods paired by seed, drawn with their intervals."""

import math
from collections.abc import Sequence
from xml.etree.ElementTree import Element

from .content import Content, Difference
from .drawing.colours import LESS, MORE
from .drawing.markup import breakable, tag
from .drawing.numbers import DASH, MINUS, count, plain, sign_of_better, signed
from .drawing.scale import Scale
from .drawing.table import Column, cell, table
from .section import Section

UNKNOWN = '#555555'
# height of a row, and widths of the lines of the intervals, in px
HEIGHT = 18
THIN, THICK = 1.2, 3.5
# beyond the largest difference, as a share of the axis
ROOM = 0.06
PER_CLASS = ('IoU.', 'Acc.', 'Bias.', 'PQ.', 'SQ.', 'RQ.')


def difference_section(content: Content) -> Section | None:
    """Tables of differences; None where there are none."""
    known = [d for d in content.differences if math.isfinite(d.mean)]
    if not known:
        return None
    of_classes = [d for d in known if d.key.startswith(PER_CLASS)]
    overall = [d for d in known if not d.key.startswith(PER_CLASS)]
    body = []
    if overall:
        body.append(difference_table(overall, 'Paired differences'))
    if of_classes:
        name = 'Paired differences of each class'
        body.append(
            tag(
                'details',
                tag('summary', name),
                difference_table(of_classes, name),
                open=not overall,
            )
        )
    return Section(
        'differences',
        'Paired differences',
        _text(known, content.level),
        body,
    )


def _text(differences: Sequence[Difference], level: float) -> str:
    text = (
        'A score of one method less that of another with the same seed, in '
        f'points, and intervals of {100 * level:g} %. A line that crosses 0 '
        'may be noise; with one pair there is no interval, and nothing is '
        'known of the noise.'
    )
    if any(d.t_low is not None for d in differences):
        text += (
            " Thick: the bootstrap's; thin: Student's, to be taken for few "
            'pairs, of which the bootstrap is too narrow. A verdict needs '
            'both to leave 0 out.'
        )
    num = sum(bool(intervals(d)) for d in differences)
    by_chance = (1 - level) * num
    if by_chance >= 1:
        text += (
            f' Of {num} intervals about {by_chance:.0f} would leave 0 out by '
            'chance alone.'
        )
    return text


def difference_table(
    differences: Sequence[Difference], caption: str
) -> Element:
    """A row for each difference, with a small forest plot.

    Args:
        differences: At least one.
        caption: Name of the table.

    Returns:
        HTML.
    """
    scale = _scale(differences)
    axis = scale.axis(plain)
    axis.set('class', 'forest')
    with_t = any(one.t_low is not None for one in differences)
    baselines = {one.baseline for one in differences}
    columns = [
        Column(
            'Method'
            if len(baselines) > 1
            else f'Method, less {differences[0].baseline}',
            words=True,
        ),
        Column('Score', words=True),
        Column('Difference', 'mean of the differences, in points'),
        Column('Points', sortable=False, words=True, drawn=axis),
        Column('Verdict', 'better or worse only without 0', words=True),
        Column('Bootstrap' if with_t else 'Interval', sortable=False),
        *([Column("Student's", sortable=False)] if with_t else []),
        Column('Pairs', 'seeds that both methods have'),
    ]
    rows = []
    for one in differences:
        verdict, colour = judged(one)
        names = one.method
        if len(baselines) > 1:
            names += f' {MINUS} {one.baseline}'
        rows.append(
            [
                cell(*breakable(names), value=names, heading=True),
                cell(one.key, value=one.key),
                cell(signed(one.mean), value=one.mean),
                cell(_row(one, scale, colour), class_='plot'),
                cell(verdict, value=verdict),
                cell(_shown(one.low, one.high)),
                *([cell(_shown(one.t_low, one.t_high))] if with_t else []),
                cell(str(one.num_pairs), value=one.num_pairs),
            ]
        )
    return table(caption, columns, rows)


def intervals(one: Difference) -> list[tuple[float, float]]:
    """The intervals that there are, the bootstrap's first."""
    ends = [(one.low, one.high), (one.t_low, one.t_high)]
    return [
        (low, high)
        for low, high in ends
        if low is not None and high is not None
    ]


def judged(one: Difference) -> tuple[str, str]:
    """What a difference says, and its colour.

    Args:
        one: The difference.

    Returns:
        'better' or 'worse' only where each interval leaves 0 out ('more' and
        'less' for a bias, of which neither is better).
    """
    found = intervals(one)
    if not found:
        return f'{count(one.num_pairs, "pair")}: no interval', UNKNOWN
    low, high = min(ends[0] for ends in found), max(ends[1] for ends in found)
    if low <= 0 <= high:
        return 'includes 0', UNKNOWN
    more = low > 0
    better = sign_of_better(one.key)
    if not better:
        return ('more', UNKNOWN) if more else ('less', UNKNOWN)
    return ('better', MORE) if more == (better > 0) else ('worse', LESS)


def _shown(low: float | None, high: float | None) -> str:
    if low is None or high is None:
        return DASH
    return f'{signed(low)} to {signed(high)}'


def _scale(differences: Sequence[Difference]) -> Scale:
    """One for all rows, with 0 in it."""
    ends = [0.0]
    for one in differences:
        ends += [one.mean, *(end for pair in intervals(one) for end in pair)]
    low, high = min(ends), max(ends)
    room = ROOM * (high - low) or 1.0
    return Scale(low - room, high + room)


def _row(one: Difference, scale: Scale, colour: str) -> Element:
    """The difference, and its intervals as lines."""
    # the second is drawn over the first
    ends = (one.t_low, one.t_high, THIN), (one.low, one.high, THICK)
    lines = [
        scale.line(low, high, HEIGHT / 2, width, colour)
        for low, high, width in ends
        if low is not None and high is not None
    ]
    return tag(
        'svg',
        tag('title', f'{signed(one.mean)} ({_shown(one.low, one.high)})'),
        *scale.grid(HEIGHT),
        *lines,
        tag(
            'circle',
            cx=scale.at(one.mean),
            cy=HEIGHT / 2,
            r=4,
            # hollow: nothing is known of its noise
            fill=colour if lines else '#fff',
            stroke=colour,
            stroke_width=1.5,
        ),
        class_='forest',
        height=HEIGHT,
        aria_hidden='true',
    )
