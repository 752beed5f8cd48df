"""How far the class frequencies of one data set are from another's."""

from collections.abc import Mapping, Sequence

import numpy as np
from scipy.stats import entropy


def total_variation(p: np.ndarray, q: np.ndarray) -> float:
    """Half of the summed differences of two distributions, 0 to 1.

    Args:
        p: Counts or shares of the classes (C,), with a positive sum.
        q: The same of the other.
    """
    return float(np.abs(p / p.sum() - q / q.sum()).sum() / 2)


def divergence(p: np.ndarray, q: np.ndarray) -> float:
    """Kullback-Leibler divergence KL(p || q) in nats.

    Args:
        p: Counts or shares of the classes (C,), with a positive sum.
        q: The same of the other; infinity where it lacks a class of p.
    """
    return float(entropy(p, q))


def shift_table(
    source: np.ndarray,
    targets: Mapping[str, np.ndarray],
    classes: Sequence[str],
) -> str:
    """Shares of classes in a source and in targets, as text.

    Args:
        source: Pixels of each class, (C,), with a positive sum.
        targets: The same of each target, by its name.
        classes: C names.

    Returns:
        A line for each class: its share of the source's pixels in percent,
        and for each target its share there and what this is of the
        source's. Two lines follow: total variation, and KL(target || source)
        in nats.
    """
    width = max(map(len, (*classes, 'total variation')))
    shares = [counts / counts.sum() for counts in targets.values()]
    own = source / source.sum()
    head = f'{"class":{width}}  source (%)'
    head += ''.join(f'  {name + " (%)":>16}  ratio' for name in targets)
    lines = [head]
    for c, name in enumerate(classes):
        line = f'{name:{width}}  {100 * own[c]:10.3f}'
        for share in shares:
            ratio = share[c] / own[c] if own[c] else np.nan
            line += f'  {100 * share[c]:16.3f}  {ratio:5.2f}'
        lines.append(line)
    for name, measure in (
        ('total variation', total_variation),
        ('KL', divergence),
    ):
        line = f'{name:{width}}  {"":10}'
        line += ''.join(f'  {measure(p, own):16.3f}       ' for p in shares)
        lines.append(line.rstrip())
    return '\n'.join(lines)
