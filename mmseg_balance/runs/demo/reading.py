"""What may be read off the demo's numbers, in two sentences."""

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
    """Two sentences, from the numbers alone.

    Args:
        methods: The baseline first.
        classes: Names of the classes.

    Returns:
        What the baseline is biased to, and what the others change of it.
    """
    first, *others = methods
    bias = {c: first.scores.get(f'Bias.{c}', 0.0) for c in classes}
    over, under = (
        max(bias, key=bias.__getitem__),
        min(bias, key=bias.__getitem__),
    )
    learnt = num_learnt(first.scores, classes)
    sentences = [
        f'{first.name} has learnt {learnt} of {len(classes)} classes (IoU '
        f'above {LEARNT:g} %); the most over-predicted is {over} (bias '
        f'{bias[over]:+.1f} points), the most under-predicted {under} '
        f'({bias[under]:+.1f}).'
    ]
    changes = [_change(first, other, (over, under)) for other in others]
    if changes:
        sentences.append(
            'Compared with it, of one seed, which alone does not tell an '
            f'effect from noise: {"; ".join(changes)}.'
        )
    return sentences


def _change(
    first: ComparedMethod, other: ComparedMethod, ends: Sequence[str]
) -> str:
    words = [
        f'{key} {other.scores[key] - first.scores[key]:+.1f}'
        for key in ('mIoU', 'mAcc', 'Acc_std')
    ]
    biases = [
        f'{name} {other.scores.get(f"Bias.{name}", 0.0):+.1f}' for name in ends
    ]
    return (
        f'{other.name} has {", ".join(words)} and a bias to '
        f'{" and to ".join(biases)}'
    )
