"""IoU, accuracy, panoptic quality and bias of each class as bars."""

import math
from collections.abc import Sequence
from xml.etree.ElementTree import Element

from .baseline import baseline_of
from .content import Content
from .drawing.class_chart import Series, class_chart
from .drawing.markup import breakable, tag
from .drawing.numbers import known, plain
from .drawing.table import Column, cell, table
from .section import Section

CHARTS = {
    'IoU': 'IoU',
    'Acc': 'Accuracy (recall)',
    'PQ': 'Panoptic quality (PQ)',
}
# with more classes, those that differ most come first
MOST_IN_ORDER = 40
# of classes that are named in a sentence
MOST_NAMES = 20


def score_chart_section(content: Content) -> Section | None:
    """Bars of IoU, accuracy and PQ; None where no method has them."""
    order, body = range(len(content.classes)), []
    many = len(order) > MOST_IN_ORDER and len(content.methods) > 1
    for kind, title in CHARTS.items():
        series = series_of(content, kind)
        if not series:
            continue
        if many:
            order = by_spread(series)
        body += [
            tag('h3', title),
            class_chart(content.classes, content.palette, series, order, '%'),
        ]
    if not body:
        return None
    text = 'Percent.'
    if any(method.stds for method in content.methods):
        text += ' Thin lines: standard deviation over the seeds.'
    if many:
        text += ' Classes in which the methods differ most come first.'
    absent = [
        name
        for name in content.classes
        if not any(
            known(m.scores, f'Acc.{name}') is not None for m in content.methods
        )
    ]
    if absent and series_of(content, 'Acc'):
        body.append(
            tag(
                'p',
                f'Without a labelled pixel: {named(absent)}. Where they are '
                'predicted their IoU is 0, else they are in no mean.',
            )
        )
    return Section('class-bars', 'Classes compared', text, body)


def bias_section(content: Content) -> Section | None:
    """Bars of the bias; None where no method has it."""
    series = series_of(content, 'Bias')
    if not series:
        return None
    baseline = baseline_of(content)
    first = next((s for s in series if s.name == baseline), series[0])
    known_first = [v is not None for v in first.values]
    order = sorted(
        range(len(content.classes)),
        key=lambda i: -first.values[i] if known_first[i] else math.inf,
    )
    valued = [i for i in order if known_first[i]]
    signs = {
        'over-predicted': [i for i in valued if first.values[i] > 0],
        'under-predicted': [i for i in valued[::-1] if first.values[i] < 0],
    }
    groups = tag(
        'ul',
        *(
            tag(
                'li',
                tag('b', f'{word} by {first.name} ({len(members)}): '),
                named([content.classes[i] for i in members]) or 'none',
            )
            for word, members in signs.items()
        ),
    )
    return Section(
        'bias',
        'Bias towards each class',
        'The mean over true classes of the share of each that is taken '
        'for a class, less 1/C: positive for classes that are predicted too '
        'often. The nearer to 0, the better balanced.',
        [
            groups,
            _summary(series),
            class_chart(
                content.classes,
                content.palette,
                series,
                order,
                'points',
                both_sides=True,
            ),
        ],
    )


def series_of(content: Content, kind: str) -> list[Series]:
    """Values of each class, of the methods that have any.

    Args:
        content: The page.
        kind: 'IoU', 'Acc' or 'Bias'.
    """
    found = []
    for i, method in enumerate(content.methods):
        keys = [f'{kind}.{name}' for name in content.classes]
        values = [known(method.scores, key) for key in keys]
        stds = [known(method.stds, key) for key in keys]
        if any(value is not None for value in values):
            found.append(Series(method.name, i, values, stds))
    return found


def by_spread(series: Sequence[Series]) -> list[int]:
    """Classes by how much the methods differ in them, the most first."""

    def spread(i: int) -> float:
        values = [s.values[i] for s in series if s.values[i] is not None]
        return max(values) - min(values) if values else -1.0

    return sorted(range(len(series[0].values)), key=lambda i: -spread(i))


def named(names: Sequence[str]) -> str:
    """Names for a sentence; of many the first."""
    more = len(names) - MOST_NAMES
    text = ', '.join(names[:MOST_NAMES])
    return f'{text} and {more} more' if more > 0 else text


def _summary(series: Sequence[Series]) -> Element:
    """How far each method is from balance, in one number."""
    columns = [
        Column('Method', words=True),
        Column('mean |bias|', 'over the classes, in points', less=True),
        Column('over-predicted', 'number of classes with a bias above 0'),
        Column('under-predicted', 'number of classes with a bias below 0'),
    ]
    rows = []
    for one in series:
        values = [value for value in one.values if value is not None]
        mean = sum(map(abs, values)) / len(values)
        over = sum(value > 0 for value in values)
        under = sum(value < 0 for value in values)
        rows.append(
            [
                cell(*breakable(one.name), value=one.name, heading=True),
                cell(plain(mean), value=mean),
                cell(str(over), value=over),
                cell(str(under), value=under),
            ]
        )
    return table('Bias over all classes', columns, rows)
