"""Scores over all classes, with what was published beside them."""

from collections.abc import Sequence
from xml.etree.ElementTree import Element

from .content import ComparedMethod, Content
from .drawing.legend import mark
from .drawing.markup import breakable, tag
from .drawing.numbers import (
    DASH,
    PLUS_MINUS,
    known,
    plain,
    sign_of_better,
    signed,
)
from .drawing.table import Column, cell, table
from .section import Section

COLUMNS = ('mIoU', 'mAcc', 'IoU_std', 'Acc_std', 'aAcc')
# where a method has them
PANOPTIC = ('mPQ', 'mSQ', 'mRQ', 'PQ_std')
TEMPORAL = ('mTC',)
GROUPED = (*COLUMNS, *PANOPTIC, 'SQ_std', 'RQ_std')
MEANINGS = {
    'mIoU': 'mean IoU over the classes; more is better',
    'mAcc': 'mean accuracy (recall) over the classes; more is better',
    'IoU_std': 'std of the IoU over the classes; less is more even',
    'Acc_std': 'std of the accuracy over the classes; less is more even',
    'aAcc': 'share of all pixels (of classifiers: images) that are right; '
    'more is better',
    'mPQ': 'mean panoptic quality over the classes; more is better',
    'mSQ': 'mean over the classes of how well segments that were found fit; '
    'more is better',
    'mRQ': 'mean over the classes of how many segments were found (F1); more '
    'is better',
    'mTC': 'mean over the classes of the temporal consistency; more is better',
    'PQ_std': 'std of the PQ over the classes; less is more even',
}


def score_section(content: Content) -> Section:
    """A row for each method."""
    methods = content.methods
    published = {
        key: None
        for method in methods
        for key in method.published
        if known(method.published, key) is not None
    }
    columns = _columns(methods)
    extra = [key for key in published if key not in columns]
    body = [score_table(methods, [*columns, *extra])]
    groups = [key for key in _group_keys(methods) if key not in published]
    if groups:
        body.append(
            tag(
                'details',
                tag('summary', 'The same over groups of classes'),
                tag(
                    'p',
                    'over and under: classes that a method predicts too '
                    'often and too rarely, by the sign of their bias, so '
                    'they may differ from method to method; void_apart and '
                    'void_as_road: pixels that were given to no segment are '
                    'no segment, or a part of road; the others are named '
                    'subsets of the classes.',
                ),
                score_table(methods, groups, 'Scores over groups of classes'),
            )
        )
    text = (
        'Percent; each std is a spread over the classes in points: the '
        'smaller, the more evenly the classes are learned.'
    )
    if any(method.stds for method in methods):
        text += f' {PLUS_MINUS}: standard deviation over the seeds.'
    if published:
        text += (
            ' Below a score: the published one, and how far ours is from it.'
        )
    return Section('scores', 'Scores', text, body)


def _columns(methods: Sequence[ComparedMethod]) -> tuple[str, ...]:
    """Scores that are shown, those of segments where there are such."""
    known_ones = {key for m in methods for key in (*m.scores, *m.published)}
    temporal = [key for key in TEMPORAL if key in known_ones]
    if known_ones & {*PANOPTIC}:
        return (*COLUMNS, *PANOPTIC, *temporal)
    # of classifiers there is no IoU
    is_of_images = 'mIoU' not in known_ones and 'mAcc' in known_ones
    if is_of_images:
        return tuple(k for k in COLUMNS if 'IoU' not in k)
    return (*COLUMNS, *temporal)


def score_table(
    methods: Sequence[ComparedMethod],
    keys: Sequence[str],
    caption: str = 'Scores of each method',
) -> Element:
    """Table of scores, the best of each column bold.

    Args:
        methods: One row each.
        keys: Scores, one column each.
        caption: Name of the table.

    Returns:
        HTML.
    """
    columns = [
        Column('Method', words=True),
        Column('Seeds', 'number of runs, and their seeds'),
        *(
            Column(
                key,
                MEANINGS.get(key, ''),
                less=sign_of_better(key) < 0,
            )
            for key in keys
        ),
    ]
    best = {key: _best(methods, key) for key in keys}
    rows = []
    for i, method in enumerate(methods):
        source = (
            tag('small', f'published: {method.published_source}')
            if method.published and method.published_source
            else None
        )
        rows.append(
            [
                cell(
                    mark(i),
                    *breakable(method.name),
                    source,
                    value=method.name,
                    heading=True,
                ),
                _seeds(method),
                *(_score(method, key, best[key]) for key in keys),
            ]
        )
    return table(caption, columns, rows)


def _seeds(method: ComparedMethod) -> Element:
    num = len(method.seeds)
    named = [str(seed) for seed in method.seeds if seed is not None]
    return cell(
        str(num) if num else DASH,
        tag('span', f' ({", ".join(named)})', class_='std') if named else None,
        value=num or None,
    )


def _score(method: ComparedMethod, key: str, best: float | None) -> Element:
    value, std = known(method.scores, key), known(method.stds, key)
    published = known(method.published, key)
    beside = None
    if published is not None:
        gap = None if value is None else value - published
        beside = tag(
            'small',
            plain(published, 1),
            None if gap is None else f' ({signed(gap, 1)})',
            class_='published',
            title=f'published: {plain(published, 1)}',
        )
    return cell(
        plain(value),
        tag('span', f' {PLUS_MINUS} {plain(std)}', class_='std')
        if std is not None and value is not None
        else None,
        beside,
        value=value,
        class_='best' if value is not None and value == best else None,
    )


def _best(methods: Sequence[ComparedMethod], key: str) -> float | None:
    """The best score; None with fewer than two."""
    values = [known(method.scores, key) for method in methods]
    found = [value for value in values if value is not None]
    if len(found) < 2:
        return None
    return max(found, key=lambda value: sign_of_better(key) * value)


def _group_keys(methods: Sequence[ComparedMethod]) -> list[str]:
    """Keys of scores over groups, ``mIoU_over`` for one, in order."""
    return list(
        dict.fromkeys(
            key
            for method in methods
            for key in method.scores
            if key.startswith(tuple(f'{c}_' for c in GROUPED))
            and key not in GROUPED
        )
    )
