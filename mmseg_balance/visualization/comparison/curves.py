"""Losses and scores over the iterations of the training."""

import math
from collections.abc import Sequence

from .content import ComparedMethod, Content
from .drawing.line_chart import MOST_POINTS, line_chart
from .drawing.markup import tag
from .section import Section

MOST_PANELS = 6
SCORES = (
    *('mIoU', 'mPQ', 'mAcc', 'mSQ', 'mRQ'),
    *('IoU_std', 'Acc_std', 'PQ_std', 'aAcc'),
)
# of the machine or of the schedule, not of what was learnt
UNINTERESTING = {
    'lr',
    'base_lr',
    'time',
    'data_time',
    'memory',
    'iter',
    'epoch',
    'step',
    'momentum',
    'loss_scale',
}


def curve_section(content: Content) -> Section | None:
    """A few panels with all methods in each; None without curves."""
    keys = chosen_keys(content.methods, content.classes)
    if not keys:
        return None
    panels, averaged = [], False
    for key in keys:
        lines = [
            (method.name, i, points)
            for i, method in enumerate(content.methods)
            if (points := _finite(method.curves.get(key, ())))
        ]
        averaged |= any(len(points) > MOST_POINTS for *_, points in lines)
        panels.append(line_chart(lines, key, 'iteration'))
    text = ''
    if any(len(method.seeds) > 1 for method in content.methods):
        text = 'Of several seeds the mean.'
    if averaged:
        text += f' Of more than {MOST_POINTS} points neighbours are averaged.'
    return Section(
        'curves', 'Training', text, [tag('div', *panels, class_='curves')]
    )


def chosen_keys(
    methods: Sequence[ComparedMethod], classes: Sequence[str]
) -> list[str]:
    """Scalars that are worth a panel.

    Validation scores first (mIoU and mPQ before all), then the whole loss
    and its parts, then what else was logged; what more methods have comes
    first. Learning rates, times and scalars of single classes are left out,
    and so are what never changes and the only part of a loss, which is all
    of it.

    Args:
        methods: With their curves.
        classes: Names of the classes.

    Returns:
        At most ``MOST_PANELS`` names.
    """
    of_class = tuple(f'{mark}{name}' for name in classes for mark in './')
    found: dict[str, int] = {}
    for method in methods:
        for key, points in method.curves.items():
            values = {y for _, y in _finite(points)}
            left_out = _uninteresting(key) or key.endswith(of_class)
            if len(values) > 1 and not left_out:
                found[key] = found.get(key, 0) + 1
    place = {key: i for i, key in enumerate(found)}
    order = sorted(found, key=lambda k: (_rank(k), -found[k], place[k]))
    order = [
        key
        for i, key in enumerate(order)
        if not any(_alike(methods, key, other) for other in order[:i])
    ]
    scores = [key for key in order if _rank(key)[0] == 0]
    others = [key for key in order if _rank(key)[0] > 0]
    # scores leave room for losses
    room = max(MOST_PANELS - len(others), MOST_PANELS // 3)
    return (scores[:room] + others)[:MOST_PANELS]


def _finite(
    points: Sequence[tuple[float, float]],
) -> list[tuple[float, float]]:
    return [(x, y) for x, y in points if math.isfinite(y)]


def _alike(methods: Sequence[ComparedMethod], a: str, b: str) -> bool:
    """Whether two scalars are one under two names."""
    return all(
        list(method.curves.get(a, ())) == list(method.curves.get(b, ()))
        for method in methods
    )


def _uninteresting(key: str) -> bool:
    parts = key.split('/')
    return parts[-1] in UNINTERESTING or parts[0] in UNINTERESTING


def _rank(key: str) -> tuple[int, int]:
    """Kind of a scalar, and its place among those of its kind."""
    name = key.split('/')[-1]
    if name in SCORES:
        return 0, SCORES.index(name)
    if name == 'loss':
        return 1, 0
    if 'loss' in name:
        return 1, 1
    return 2, 0
