"""One evaluation of one run, wherever it was found."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from mmengine.config import Config

from .config_texts import counts_epochs

TEST, VALIDATION = 'test', 'last validation'
Curves = Mapping[str, Sequence[tuple[int, float]]]


@dataclass(frozen=True)
class Result:
    """Scores, and all that is known of what they are of.

    Attributes:
        file: File that has them.
        name: What was run: the config's name, or the file's.
        scores: By the keys of the metric.
        seed: Seed of the training; None where that is not known.
        kind: ``TEST`` or ``VALIDATION``.
        part: 'student' or 'teacher'; empty for a plain segmentor.
        variant: How the file itself tells several results apart.
        settings: Config of the training; None where there is none.
        evaluated: Config of the evaluation: 'model', 'test_dataloader',
            'test_evaluator'; None where there is none.
        data: Words for the test set, see ``describe_data``.
        checkpoint: File of the weights, where it is there.
        checkpoint_hash: Hash of what it held.
        best: Whether it is the best snapshot, not one of an iteration.
        iteration, length: Iteration (or epoch) of the weights, and that of
            the end of the training; None where they are not known.
        classes, palette: Of the data; empty where they are not known.
        confusion: Counts of pixels (C, C).
        training: Folder of the training.
        curves: Of the training, see ``Training``.
    """

    file: Path
    name: str
    scores: Mapping[str, float]
    seed: int | None = None
    kind: str = TEST
    part: str = ''
    variant: str = ''
    settings: Config | None = None
    evaluated: Config | None = None
    data: str = ''
    checkpoint: Path | None = None
    checkpoint_hash: str = ''
    best: bool = False
    iteration: int | None = None
    length: int | None = None
    classes: tuple[str, ...] = ()
    palette: Sequence = ()
    confusion: np.ndarray | None = field(default=None, compare=False)
    training: Path | None = None
    curves: Curves = field(default_factory=dict)

    @property
    def written(self) -> float:
        """When the file was written, to choose the latest of several."""
        return self.file.stat().st_mtime

    @property
    def progress(self) -> str:
        """Which snapshot it is of, in words; empty at the end of the run."""
        if self.best:
            return 'best snapshot'
        if self.iteration is None or self.iteration == self.length:
            return ''
        unit = 'epoch' if counts_epochs(self.settings) else 'iteration'
        of = '' if self.length is None else f' of {self.length}'
        return f'at {unit} {self.iteration}{of}'


def has_scores(scores: Mapping[str, float]) -> bool:
    """Whether numbers are those of a metric of this package."""
    return any(key in scores for key in ('mIoU', 'mPQ', 'mAcc'))


def numbers_of(content: Mapping[str, Any]) -> dict[str, float]:
    """The scores among what a file has.

    Args:
        content: Values by key; times, counters and texts are left out.
    """
    found = {}
    for key, value in content.items():
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            continue
        if key in ('time', 'data_time', 'step', 'iter', 'epoch', 'memory'):
            continue
        found[key] = float(value)
    return found
