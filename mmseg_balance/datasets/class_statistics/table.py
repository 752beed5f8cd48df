"""How much of a data set each class covers, as text."""

from collections.abc import Sequence

import numpy as np


def class_table(counts: np.ndarray, classes: Sequence[str]) -> str:
    """Format the share of each class.

    Args:
        counts: Pixels of each class in each file, (F, C).
        classes: C names.

    Returns:
        A line for each class: name, share of the labelled pixels in percent,
        number of files that show it.
    """
    width = max(map(len, classes))
    total = max(int(counts.sum()), 1)
    lines = [f'{"class":{width}}  share (%)   files']
    for name, column in zip(classes, counts.T, strict=True):
        share = 100 * column.sum() / total
        files = np.count_nonzero(column)
        lines.append(f'{name:{width}}  {share:9.3f}  {files:6d}')
    return '\n'.join(lines)
