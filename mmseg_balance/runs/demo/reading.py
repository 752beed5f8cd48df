"""What may be read off the demo's numbers."""

from collections.abc import Mapping, Sequence

from ...visualization.comparison import ComparedMethod

LEARNT = 5.0
"""IoU, in percent, above which a class counts as learnt."""


def num_learnt(scores: Mapping[str, float], classes: Sequence[str]) -> int:
    """Classes of an IoU above ``LEARNT``.

    Args:
        scores: Of ``BalancedIoUMetric``.
        classes: Names of all classes.
    """
    return sum(scores.get(f'IoU.{name}', 0.0) > LEARNT for name in classes)


def read_off(
    methods: Sequence[ComparedMethod], classes: Sequence[str]
) -> list[str]:
    """Sentences that follow from the numbers alone.

    Args:
        methods: The baseline first.
        classes: Names of the classes.

    Returns:
        What the baseline is biased to; what the others change of it; and
        the classes in which the last one gains and loses most.
    """
    first, *others = methods
    bias = {c: first.scores.get(f'Bias.{c}', 0.0) for c in classes}
    over = max(bias, key=bias.__getitem__)
    under = min(bias, key=bias.__getitem__)
    learnt = num_learnt(first.scores, classes)
    sentences = [
        f'{first.name} has learnt {learnt} of {len(classes)} classes (IoU '
        f'above {LEARNT:g} %). Most over-predicted is {over}: bias '
        f'{bias[over]:+.1f} points, where 0 is balanced; most under-predicted '
        f'is {under}: {bias[under]:+.1f}, where {-100 / len(classes):+.1f} is '
        'never.'
    ]
    if others:
        names = ' / '.join(method.name for method in others)
        changes = '; '.join(
            _change(first, others, key, words, sign)
            for key, words, sign in (
                (f'Bias.{over}', f'bias to {over}', '+'),
                ('mAcc', 'mAcc', ''),
                ('mIoU', 'mIoU', ''),
            )
        )
        sentences += [
            f'From {first.name} to {names}: {changes}.',
            _most_changed(first, others[-1], classes),
        ]
    return sentences


def _change(
    first: ComparedMethod,
    others: Sequence[ComparedMethod],
    key: str,
    words: str,
    sign: str,
) -> str:
    """A score of the first method, and of the others in their order."""
    before, *after = (
        f'{method.scores.get(key, 0.0):{sign}.1f}'
        for method in (first, *others)
    )
    return f'{words} {before} to {" / ".join(after)}'


def _most_changed(
    first: ComparedMethod, other: ComparedMethod, classes: Sequence[str]
) -> str:
    """Classes whose IoU rises and falls most."""
    change = {
        c: other.scores.get(f'IoU.{c}', 0.0)
        - first.scores.get(f'IoU.{c}', 0.0)
        for c in classes
    }
    best = max(change, key=change.__getitem__)
    worst = min(change, key=change.__getitem__)
    return (
        f'The IoU of single classes changes by {change[worst]:+.1f} ({worst}) '
        f'to {change[best]:+.1f} ({best}) from {first.name} to {other.name}.'
    )
