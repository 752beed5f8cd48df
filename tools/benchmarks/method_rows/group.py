"""Rows that are trained and shown together."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Row:
    """A method of a table.

    Attributes:
        name: As the table shows it.
        config: Config, from configs/.
        options: Overrides by dotted key.
    """

    name: str
    config: str
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Group:
    """Methods on one data set.

    Attributes:
        rows: By the name of the method.
        folder: Of the results, from docs/benchmarks.
        parts: Segmentors that are scored.
        columns: Scores of the table; ``'|Bias|'`` is the mean size of the
            biases of the classes (Eq. 4).
        arguments: Further ones of tools/train.py.
    """

    rows: Mapping[str, Row]
    folder: str
    parts: tuple[str, ...] = ('student', 'teacher')
    columns: tuple[str, ...] = ('mIoU', 'IoU_std', 'mAcc', 'Acc_std')
    arguments: tuple[str, ...] = ()
