"""Which scalars are shown together."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

# scores of a class, as metrics name them: 'IoU.road', 'camvid/Acc.sky', where
# 'camvid' is the prefix of an evaluator
CLASS_SCORES = (
    *('IoU', 'Acc', 'Bias', 'Dice', 'Fscore', 'Precision', 'Recall'),
    *('PQ', 'SQ', 'RQ'),
)
# those of all classes, or of some: 'mIoU', 'mIoU_over', 'IoU_std'
OVERALL = re.compile(
    r'(?:[am](?:IoU|Acc|Dice|Fscore|Precision|Recall)|m[PSR]Q|'
    r'(?:IoU|Acc|[PSR]Q)(?P<std>_std))'
    r'(?:_(?P<subset>\w+))?'
)
# what stands behind two points, and is no class: 'src.decode.acc_seg'
MEASURES = ('loss', 'acc_', 'lr', 'base_lr', 'momentum')
MOST_SERIES = 8  # colours that can be told apart
UNITS = {'acc_seg': '%', 'time': 's', 'data_time': 's', 'memory': 'MB'}


# what values of classes are; else by the first part of the name
MEANINGS = {
    'IoU': '%',
    'Acc': '%',
    'PQ': 'panoptic quality, %',
    'SQ': 'mean IoU of the segments that were found, %',
    'RQ': 'F1 score of finding segments, %',
    'Bias': 'percentage points, above 0 where predicted too often',
    'label.share': 'share of the labelled source pixels',
    'source.share': 'share of the source samples drawn so far',
    'pseudo.share': 'share of the pseudo-labels',
    'pseudo.confidence': 'mean confidence of its pseudo-labels',
    'logit.source': 'mean of its logit on its own source pixels',
    'logit.target': 'mean of its logit on its own target pixels',
    'offset.source': 'mean offset of BLDA on its own source pixels',
    'offset.target': 'mean offset of BLDA on its own target pixels',
    'weight': 'mean class weight',
}


@dataclass
class Sections:
    """Names of scalars by where they are shown.

    Attributes:
        losses: Charts of losses: the sum, and those of each objective.
        scores: Charts of what is measured in validation.
        classes: Values of one kind of all classes; of each class the name of
            its scalar.
        others: Charts of all else.
    """

    losses: dict[str, list[str]] = field(default_factory=dict)
    scores: dict[str, list[str]] = field(default_factory=dict)
    classes: dict[str, dict[str, str]] = field(default_factory=dict)
    others: dict[str, list[str]] = field(default_factory=dict)


def sections_of(names: Iterable[str], scores: Iterable[str]) -> Sections:
    """Sort scalars.

    Args:
        names: All of them, in the order in which they first came.
        scores: Those that are not logged with the losses.
    """
    names, scores = list(names), set(scores)
    found = Sections(classes=class_groups(names))
    of_classes = {
        n for group in found.classes.values() for n in group.values()
    }
    for name in names:
        if name in of_classes:
            continue
        first, _, rest = name.partition('.')
        if 'loss' in name:
            _add(found.losses, first if rest else 'sum', name)
        elif name in scores and not rest:
            title = _score_title(name)
            _add(found.scores, title, name)
        else:  # of one kind, whatever objective it is of
            kind = name.rpartition('.')[2]
            unit = f' ({UNITS[kind]})' if kind in UNITS else ''
            _add(found.others, f'{kind}{unit}', name)
    return found


def _score_title(name: str) -> str:
    """Title of the chart of a score of validation."""
    match = OVERALL.fullmatch(name.rpartition('/')[2])
    if match is None:
        return 'scores'
    kind = 'std over classes (points)' if match['std'] else 'scores (%)'
    return f'{kind}, {match["subset"]}' if match['subset'] else kind


def class_groups(names: Iterable[str]) -> dict[str, dict[str, str]]:
    """Values of classes: ``IoU.road``, ``a/road``, ``a.b.road``.

    Args:
        names: Names of scalars.

    Returns:
        For 'IoU', 'a' and 'a.b' the scalars by class, if there are two.
    """
    groups: dict[str, dict[str, str]] = {}
    for name in names:
        prefix, label = _class_of(name)
        if label:
            groups.setdefault(prefix, {})[label] = name
    found = {
        prefix: group
        for prefix, group in groups.items()
        if len(group) > 1
        and (meaning(prefix) or not any(map(_is_measure, group)))
    }
    # scores first
    order = sorted(found, key=lambda p: p.split('/')[-1] not in CLASS_SCORES)
    return {prefix: found[prefix] for prefix in order}


def meaning(prefix: str) -> str:
    """What a kind of values of classes is, and its unit; '' if not known.

    Args:
        prefix: A key of :func:`class_groups`.
    """
    name = prefix.rpartition('/')[2]
    return MEANINGS.get(name) or MEANINGS.get(name.split('.')[0], '')


def _class_of(name: str) -> tuple[str, str]:
    """What a scalar measures, and of which class; '' where of none."""
    evaluator, slash, rest = name.partition('/')
    score, _, label = (rest if slash else name).partition('.')
    if score in CLASS_SCORES:
        return f'{evaluator}/{score}' if slash else score, label
    if slash:
        return evaluator, '' if OVERALL.fullmatch(rest) else rest
    part, _, label = label.partition('.')
    return f'{score}.{part}', label


def _is_measure(label: str) -> bool:
    return label.startswith(MEASURES) or 'loss' in label


def _add(charts: dict[str, list[str]], title: str, name: str) -> None:
    """Into the chart of a title, or the next where that is full."""
    number, key = 1, title
    while len(charts.get(key, ())) >= MOST_SERIES:
        number += 1
        key = f'{title} ({number})'
    charts.setdefault(key, []).append(name)
