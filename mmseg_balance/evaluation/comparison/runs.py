"""What is compared: scores of one method with one seed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from ...errors import UserValueError
from .rules import rule_of, with_rule, without_rule

HEADLINES = ('mIoU', 'mAcc', 'IoU_std', 'Acc_std', 'aAcc')
# of runs that have such
PANOPTIC = ('mPQ', 'mSQ', 'mRQ', 'PQ_std')
# of those on pairs of frames
TEMPORAL = ('mTC',)
# of classifiers, whose images have one label each
CLASSIFICATION = ('mAcc', 'Acc_std', 'aAcc')
CLASS_SCORES = ('IoU', 'Acc', 'Bias', 'PQ', 'SQ', 'RQ', 'TC')


@dataclass(frozen=True)
class ScoredRun:
    """The scores of one run.

    Attributes:
        method: Name of what was run; runs of one name differ by seed alone.
        seed: Its seed; None where that is not known.
        scores: By the keys of ``BalancedIoUMetric`` and
            ``PanopticQualityMetric``, percent or points.
        classes: Names of the C classes; empty where they are not known.
        confusion: Counts of pixels (C, C), rows are true classes; None where
            they were not kept.
        origin: File that has the scores, for messages.
    """

    method: str
    seed: int | None
    scores: Mapping[str, float]
    classes: tuple[str, ...] = ()
    confusion: np.ndarray | None = field(default=None, compare=False)
    origin: str = ''


def headlines(runs: Sequence[ScoredRun]) -> tuple[str, ...]:
    """Scores over all classes that a table of runs shows.

    Args:
        runs: The runs; those of panoptic quality and of temporal
            consistency are shown where one has such, and accuracies alone
            where none has another score. The rule is named that scores are
            counted by.
    """
    keys = _headlines({without_rule(k) for run in runs for k in run.scores})
    rule = check_rules(runs)
    return tuple(with_rule(key, rule) for key in keys)


def compared_scores(runs: Sequence[ScoredRun]) -> tuple[str, ...]:
    """Scores of classes that methods are compared by, the main one first.

    Args:
        runs: The runs.

    Returns:
        Of ``CLASS_SCORES``.
    """
    keys = _headlines({without_rule(k) for run in runs for k in run.scores})
    if keys == CLASSIFICATION:
        return ('Acc',)
    return ('IoU', 'PQ') if {*keys} & {*PANOPTIC} else ('IoU',)


def compared_headlines(runs: Sequence[ScoredRun]) -> tuple[str, ...]:
    """Headlines whose differences a table shows.

    Args:
        runs: The runs; the share of what is right, all classes together, is
            reported of classifiers (Office-Home), and not of segmentors.
    """
    is_of_images = compared_scores(runs) == ('Acc',)
    return tuple(
        key
        for key in headlines(runs)
        if is_of_images or without_rule(key) != 'aAcc'
    )


def _headlines(keys: set[str]) -> tuple[str, ...]:
    temporal = tuple(key for key in TEMPORAL if key in keys)
    if keys & {*PANOPTIC}:
        return (*HEADLINES, *PANOPTIC, *temporal)
    is_of_images = 'mIoU' not in keys and 'mAcc' in keys
    return CLASSIFICATION if is_of_images else (*HEADLINES, *temporal)


def by_method(runs: Sequence[ScoredRun]) -> dict[str, list[ScoredRun]]:
    """Runs of each method, by seed; methods in the order of the runs.

    Args:
        runs: Runs of one set of classes.

    Returns:
        A list for the name of each method; unknown seeds come last.

    Raises:
        ValueError: Two runs of one method have one seed, or two runs have
            other classes.
    """
    check_classes(runs)
    check_rules(runs)
    methods: dict[str, list[ScoredRun]] = {}
    for run in runs:
        methods.setdefault(run.method, []).append(run)
    for name, members in methods.items():
        members.sort(key=lambda run: (run.seed is None, run.seed or 0))
        for first, second in zip(members, members[1:], strict=False):
            if first.seed is not None and first.seed == second.seed:
                raise UserValueError(
                    f'{name} has seed {first.seed} twice: {first.origin} and '
                    f'{second.origin}; expected one run a seed'
                )
    return methods


def check_classes(runs: Sequence[ScoredRun]) -> None:
    """Refuse runs of different classes, whose means are of other things.

    Args:
        runs: The runs; those whose classes are not known pass.

    Raises:
        ValueError: Names two of them, and the first class that differs.
    """
    known = [run for run in runs if run.classes]
    for run in known[1:]:
        _refuse(known[0], run, _other_classes(known[0].classes, run.classes))
    # a class that is neither labelled nor predicted has no score, so that
    # one set of names may be a part of the other
    named = [(run, names) for run in runs if (names := scored_classes(run))]
    for run, names in named[1:]:
        first, others = named[0]
        only = [*(names - others), *(others - names)]
        if names - others and others - names:
            _refuse(first, run, f'one alone has {", ".join(sorted(only)[:3])}')


def check_rules(runs: Sequence[ScoredRun]) -> str | None:
    """Refuse runs whose scores are counted by different rules.

    Args:
        runs: The runs.

    Returns:
        Their rule; None for metrics with one rule alone.

    Raises:
        ValueError: There are two; names a run of each.
    """
    found = {rule_of(run.scores): run.origin for run in runs}
    if len(found) > 1:
        (first, one), (second, other), *_ = found.items()
        raise UserValueError(
            f'{one} is scored with rule={first!r} and {other} with '
            f'rule={second!r}, so that their means are not of the same thing: '
            'compare runs of one rule at a time, or test those of the other '
            'anew (test_evaluator.rule, and riders of the test set)'
        )
    return next(iter(found), None)


def scored_classes(run: ScoredRun) -> frozenset[str]:
    """Names of the classes that a run has scores of."""
    return frozenset(
        name
        for key in run.scores
        for score, _, name in [key.partition('.')]
        if name and score in CLASS_SCORES
    )


def known_classes(runs: Sequence[ScoredRun]) -> tuple[str, ...]:
    """Classes of the runs, or those that their scores name.

    Args:
        runs: Runs of one set of classes.

    Returns:
        Names of the classes; empty where no run has scores of classes.
    """
    for run in runs:
        if run.classes:
            return run.classes
    names = dict.fromkeys(
        key.partition('.')[2]
        for run in runs
        for key in run.scores
        if key.partition('.')[2] in scored_classes(run)
    )
    return tuple(names)


def _other_classes(ours: Sequence[str], theirs: Sequence[str]) -> str:
    """How two lists of classes differ; empty where they do not."""
    if len(ours) != len(theirs):
        return f'{len(ours)} and {len(theirs)} classes'
    for i, pair in enumerate(zip(ours, theirs, strict=True)):
        if pair[0] != pair[1]:
            return f'class {i} is {pair[0]!r} and {pair[1]!r}'
    return ''


def _refuse(first: ScoredRun, second: ScoredRun, what: str) -> None:
    if what:
        raise UserValueError(
            f'{first.origin} and {second.origin} are of different classes '
            f'({what}), so that their means are not of the same thing: '
            'compare runs of one set of classes at a time'
        )
