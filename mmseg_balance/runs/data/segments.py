"""What a check of all data found in the segments of a panoptic data set."""

from collections.abc import Sequence

import numpy as np

from .report import SetReport, some


def summarise_segments(report: SetReport, names: Sequence[str]) -> None:
    """Say how many things there are, and what is odd about the segments.

    Args:
        report: Report of a data set with records, changed in place; nothing
            is said of data sets without segments.
        names: Names of its C classes.
    """
    records = [r for r in report.records if r.get('segments')]
    if not records:
        return
    things = np.array([r['segments']['things'] for r in records])
    crowds = sum(r['segments']['crowds'] for r in records)
    lines = [
        f'{things.sum()} things in {np.count_nonzero(things.any(axis=1))} '
        f'images; {crowds} crowds'
    ]
    shown = np.flatnonzero(things.any(axis=0))
    width = max((len(names[c]) for c in shown), default=0)
    if shown.size:
        lines.append(f'{"class":{width}}  things   files  most in a file')
    for c in shown:
        column = things[:, c]
        files = np.count_nonzero(column)
        lines.append(
            f'{names[c]:{width}}  {column.sum():6d}  {files:6d}  '
            f'{column.max():14d}'
        )
    report.summary = '\n  '.join([report.summary, *lines])
    empty = [r['image'] for r in records if not any(r['segments']['things'])]
    if empty:
        report.notes.append(
            f'{len(empty)} images have no thing that is told apart '
            f'({some(empty)}): a branch for instances learns from them that '
            'there is none'
        )
    wrong = [r['label'] for r in records if r['segments']['wrong_areas']]
    if wrong:
        report.notes.append(
            f'{len(wrong)} images have segments of other areas than the JSON '
            f'file lists ({some(wrong)}): rare class sampling draws by those '
            'of the file; write it anew'
        )
