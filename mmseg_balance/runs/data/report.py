"""What a check of all data found, for people."""

import os.path as osp
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from ...datasets.class_statistics.table import class_table

TRAINING = 'train_dataloader'
SHOWN_FILES = 3
SHOWN_SIZES = 5


@dataclass
class SetReport:
    """What a check found in one data set.

    Attributes:
        key: Its key in the config, or several of equal sets.
        stops: What a training or an evaluation would stop at.
        notes: What may not be meant so.
        summary: Sizes and classes, as text.
        records: A dict for each file; see ``survey``.
    """

    key: str
    stops: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    summary: str = ''
    records: list[dict] = field(default_factory=list)

    @property
    def is_trained(self) -> bool:
        """Whether it is a set of the training."""
        return self.key.startswith(TRAINING)

    def text(self, limit: int | None = None) -> str:
        """The report for people.

        Args:
            limit: How many of the stops are shown; None shows all.

        Returns:
            Lines.
        """
        lines = [f'{self.key}: {self.summary or "not read"}']
        lines += [f'  STOPS: {line}' for line in self.stops[:limit]]
        left = len(self.stops) - len(self.stops[:limit])
        lines += [f'  STOPS: and {left} more'] if left else []
        lines += [f'  note: {line}' for line in self.notes]
        return '\n'.join(lines)


@dataclass
class DataReport:
    """What a check found in all data sets of a config.

    Attributes:
        sets: A report for each data set.
        stops: What concerns several sets and would stop a training.
        notes: What concerns several sets and may not be meant so.
    """

    sets: list[SetReport]
    stops: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def num_stops(self) -> int:
        """Number of things that a training would stop at."""
        return len(self.stops) + sum(len(s.stops) for s in self.sets)

    def text(self, limit: int | None = None) -> str:
        """The report for people.

        Args:
            limit: How many stops of a data set are shown; None shows all.

        Returns:
            Lines.
        """
        lines = [report.text(limit) for report in self.sets]
        lines += [f'STOPS: {line}' for line in self.stops]
        lines += [f'note: {line}' for line in self.notes]
        end = (
            f'{self.num_stops} things would stop a training or its evaluation'
            if self.num_stops
            else 'nothing would stop a training'
        )
        return '\n\n'.join([*lines, end])


def summarise(report: SetReport, names: Sequence[str]) -> None:
    """Say sizes, classes and what is odd about the files of a data set.

    Args:
        report: Its report, with records; changed in place.
        names: Names of its C classes.
    """
    records = report.records
    sizes = Counter(tuple(r['size']) for r in records if r['size'])
    shown = ', '.join(
        f'{width} x {height} ({count})'
        for (width, height), count in sizes.most_common(SHOWN_SIZES)
    )
    left = len(sizes) - SHOWN_SIZES
    more = f' and {left} other sizes' if left > 0 else ''
    lines = [f'{len(records)} images; width x height: {shown}{more}']
    cut = [r['image'] for r in records if r['is_cut']]
    if cut:
        report.notes.append(
            f'{len(cut)} images have lost their end ({some(cut)}): older '
            'versions of OpenCV load a plain area in its place'
        )
    report.notes += _same_bytes(records)
    counted = [r for r in records if r['counts'] is not None]
    if counted:
        counts = np.array([r['counts'] for r in counted])
        ignored = sum(r['ignored'] for r in counted)
        share = 100 * ignored / max(ignored + int(counts.sum()), 1)
        if counted[0]['label'] is not None:  # else one label an image
            lines.append(f'{share:.2f} % of the pixels are ignored')
        lines.append(class_table(counts, list(names)))
        absent = [
            name
            for name, n in zip(names, counts.sum(0), strict=True)
            if n == 0
        ]
        if absent:
            report.notes.append(f'no pixel of {", ".join(absent)}')
        empty = [r['image'] for r in counted if not any(r['counts'])]
        if empty:
            report.notes.append(
                f'{len(empty)} labels have no pixel of a class: {some(empty)}'
            )
    report.summary = '\n  '.join('\n'.join(lines).splitlines())


def _same_bytes(records: Sequence[dict]) -> list[str]:
    paths = _by(records, 'digest')
    doubled = [sorted(set(p)) for p in paths.values() if len(set(p)) > 1]
    if not doubled:
        return []
    return [
        f'{len(doubled)} images are there several times, as the same bytes: '
        f'{"; ".join(" = ".join(p) for p in doubled[:SHOWN_FILES])}'
    ]


def duplicates(reports: Sequence[SetReport]) -> list[str]:
    """Images that are both trained on and evaluated.

    Args:
        reports: Reports of all data sets, with records.

    Returns:
        A line for two sets that share images by their bytes, and for those
        that have different ones of the same name.
    """
    notes = []
    for trained in (r for r in reports if r.is_trained):
        for other in (r for r in reports if not r.is_trained):
            ours, theirs = (
                _by(report.records, 'digest') for report in (trained, other)
            )
            same = [
                f'{ours[d][0]} = {theirs[d][0]}' for d in ours if d in theirs
            ]
            if same:
                notes.append(
                    f'{len(same)} images of {other.key} are in {trained.key} '
                    f'as well, byte by byte: {some(same)}'
                )
            names = [
                {osp.basename(r['image']): r for r in report.records}
                for report in (trained, other)
            ]
            alike = [
                f'{names[0][n]["image"]}, {names[1][n]["image"]}'
                for n in names[0]
                if n in names[1]
                and names[0][n]['digest'] != names[1][n]['digest']
            ]
            if alike:
                notes.append(
                    f'{len(alike)} images of {other.key} have the name of '
                    f'another one in {trained.key}: {"; ".join(alike[:1])}'
                )
    return notes


def _by(records: Sequence[dict], key: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for record in records:
        if record[key] is not None:
            found.setdefault(record[key], []).append(record['image'])
    return found


def some(names: Sequence[str]) -> str:
    """Name the first files.

    Args:
        names: All of them.

    Returns:
        Up to ``SHOWN_FILES``, and an ellipsis where there are more.
    """
    more = ', ...' if len(names) > SHOWN_FILES else ''
    return ', '.join(names[:SHOWN_FILES]) + more
