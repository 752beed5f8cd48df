"""Confusion matrices, and how they differ."""

from collections.abc import Callable
from functools import partial
from xml.etree.ElementTree import Element

import numpy as np

from .baseline import baseline_of
from .content import Content
from .drawing.colours import difference_colour, share_colour
from .drawing.markup import tag
from .drawing.matrix import class_matrix
from .drawing.numbers import plain, signed
from .drawing.table import Column, cell, table
from .section import Section

MOST_LISTED = 10


def confusion_section(content: Content) -> Section | None:
    """A matrix for each method; None where no method has one."""
    shares = {
        method.name: row_percentages(method.confusion)
        for method in content.methods
        if method.confusion is not None
    }
    if not shares:
        return None
    names, body = list(shares), []
    first = baseline_of(content)
    first = first if first in shares else names[0]
    changes = {
        name: share - shares[first]
        for name, share in shares.items()
        if name != first
    }
    # one scale, so that the pictures can be compared
    most = max((_largest(change) for change in changes.values()), default=0.0)
    if changes:
        body.append(tag('h3', f'Differences from {first}'))
    for name, change in changes.items():
        title = f'{name} \u2212 {first}'
        body.append(
            _folded(
                content,
                change,
                f'{title}, points',
                partial(difference_colour, most=most),
                with_sign=True,
                # of two methods, what there is to see
                open_=name == next(iter(changes)),
            )
        )
    if changes:
        body.append(tag('h3', 'Each method'))
    for name, share in shares.items():
        body.append(
            _folded(
                content,
                share,
                f'{name}, percent of each true class',
                lambda value: share_colour(value / 100),
                with_sign=False,
                open_=len(names) == 1,
            )
        )
    text = (
        'Rows are true classes, columns are predicted ones; a row sums up to '
        '100 % of what is labelled as its class. The colour goes with the '
        'square root, so that a few percent are seen.'
    )
    if changes:
        text += (
            ' In a difference blue is more and orange is less: blue on the '
            'diagonal is recall that was won, orange beside it a confusion '
            'that became rarer.'
        )
    if any((s != s).any() for s in shares.values()):
        text += ' Grey: a class without labels.'
    return Section('confusions', 'Confusion matrices', text, body)


def row_percentages(confusion: np.ndarray) -> np.ndarray:
    """Normalise the rows of a confusion matrix.

    Args:
        confusion: Counts of pixels (C, C), rows are true classes.

    Returns:
        Percent (C, C) in float64; NaN in rows without pixels.
    """
    counts = np.asarray(confusion, dtype=np.float64)
    total = counts.sum(axis=1, keepdims=True)
    return 100 * np.divide(
        counts, total, out=np.full_like(counts, np.nan), where=total > 0
    )


def top_confusions(
    values: np.ndarray, count: int = MOST_LISTED
) -> list[tuple[int, int, float]]:
    """The largest values off the diagonal, by their size.

    Args:
        values: Percentages or differences (C, C); NaN does not count.
        count: How many, at most.

    Returns:
        True class, predicted class and value of each, the largest first.
    """
    size = np.abs(np.nan_to_num(values))
    np.fill_diagonal(size, 0)
    order = np.argsort(-size, axis=None, kind='stable')[:count]
    rows, columns = np.unravel_index(order, size.shape)
    return [
        (int(i), int(j), float(values[i, j]))
        for i, j in zip(rows, columns, strict=True)
        if size[i, j] > 0
    ]


def _largest(values: np.ndarray) -> float:
    return float(np.abs(np.nan_to_num(values)).max(initial=0.0))


def _folded(
    content: Content,
    values: np.ndarray,
    title: str,
    colour: Callable[[float], str],
    with_sign: bool,
    open_: bool,
) -> Element:
    """A matrix and its largest confusions, below a line to click."""
    return tag(
        'details',
        tag('summary', title),
        tag(
            'div',
            class_matrix(values, content.classes, title, colour, with_sign),
            _list(content, values, title, with_sign),
            class_='beside-each-other',
        ),
        open=open_,
    )


def _list(
    content: Content, values: np.ndarray, title: str, with_sign: bool
) -> Element | None:
    found = top_confusions(values)
    if not found:
        return None
    classes, write = content.classes, signed if with_sign else plain
    rows = [
        [
            cell(classes[i], value=classes[i], heading=True),
            cell(classes[j], value=classes[j]),
            cell(write(value), value=value),
        ]
        for i, j, value in found
    ]
    columns = [
        Column('True', words=True),
        Column('taken for', words=True),
        Column('points' if with_sign else '%'),
    ]
    kind = 'Largest changes' if with_sign else 'Most frequent'
    return table(f'{kind}: {title}', columns, rows)
