"""Comparison of runs, as one HTML file that needs no other file."""

import base64
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path

from ..errors import UserValueError
from ..files.writing import write_atomically
from .figures import class_bars, colour_labels, to_png
from .samples import Sample

COLUMNS = ('mIoU', 'IoU_std', 'mAcc', 'Acc_std', 'aAcc')
STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; color: #222; margin: 2rem auto;
       max-width: 75rem; padding: 0 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin-top: 2rem; }
table { border-collapse: collapse; }
th, td { padding: .25rem .9rem; border-bottom: 1px solid #ddd;
         text-align: right; font-variant-numeric: tabular-nums; }
th:first-child, td:first-child { text-align: left; }
td.best { font-weight: bold; }
img { max-width: 100%; }
.samples { display: grid; gap: .5rem; margin-bottom: 1rem; }
.samples figure { margin: 0; } .samples img { width: 100%; }
figcaption { font-size: .85rem; color: #555; }
.legend span { display: inline-block; margin-right: 1rem; }
.legend i { display: inline-block; width: .9em; height: .9em;
            margin-right: .35em; border: 1px solid #888;
            vertical-align: -.1em; }
"""


def write_report(
    path: str | Path,
    runs: Mapping[str, Mapping[str, float]],
    classes: Sequence[str],
    palette: Sequence,
    samples: Sequence[Sample] = (),
    title: str = 'Comparison',
) -> Path:
    """Write a self-contained report: table, bars of each class, pictures.

    Args:
        path: File to write, replaced where it exists.
        runs: For each run, the scores that ``BalancedIoUMetric`` returns.
        classes: Names of the classes.
        palette: RGB of each class, 0 to 255.
        samples: Images to show.
        title: Heading.

    Returns:
        The path.

    Raises:
        ValueError: There is no run, or the palette has not one colour for
            each class.
    """
    if not runs:
        raise UserValueError('Expected at least one run in `runs`, got none')
    if len(palette) != len(classes):
        raise UserValueError(
            f'Expected a colour for each of {len(classes)} '
            f'classes, got {len(palette)}'
        )
    parts = [
        f'<h1>{escape(title)}</h1>',
        '<p>Percent and percentage points. The std is over classes: the '
        'smaller, the more evenly the classes are learned.</p>',
        score_table(runs),
        '<h2>Each class</h2>',
        '<p>The bias of a class is the mean over true classes of the share '
        'of pixels that are taken for it, less 1/C: positive for classes '
        'predicted too often.</p>',
        _picture(class_bars(runs, classes), 'Bars of each class and run'),
        _absent(runs, classes),
    ]
    if samples:
        parts += ['<h2>Samples</h2>', _legend(classes, palette)]
        parts += [_sample(sample, palette) for sample in samples]
    html = (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<title>{escape(title)}</title><style>{STYLE}</style></head>'
        '<body>\n' + '\n'.join(parts) + '\n</body></html>\n'
    )

    path = Path(path)
    write_atomically(path, html.encode())
    return path


def score_table(runs: Mapping[str, Mapping[str, float]]) -> str:
    """Table of the scores over all classes, the best of each column bold.

    Args:
        runs: For each run, its scores.

    Returns:
        HTML.
    """
    head = ''.join(f'<th>{c}</th>' for c in COLUMNS)
    rows = []
    for name, scores in runs.items():
        cells = [f'<td>{escape(name)}</td>']
        for column in COLUMNS:
            if column not in scores:
                cells.append('<td>-</td>')
                continue
            known = [s[column] for s in runs.values() if column in s]
            best = min(known) if column.endswith('_std') else max(known)
            mark = (
                ' class="best"'
                if len(runs) > 1 and scores[column] == best
                else ''
            )
            cells.append(f'<td{mark}>{scores[column]:.2f}</td>')
        rows.append(f'<tr>{"".join(cells)}</tr>')
    return (
        f'<table><tr><th>Run</th>{head}</tr>\n' + '\n'.join(rows) + '</table>'
    )


def _picture(png: bytes, alt: str) -> str:
    data = base64.b64encode(png).decode('ascii')
    return f'<img alt="{escape(alt)}" src="data:image/png;base64,{data}">'


def _absent(
    runs: Mapping[str, Mapping[str, float]], classes: Sequence[str]
) -> str:
    absent = [
        c for c in classes if not any(f'Acc.{c}' in s for s in runs.values())
    ]
    if not absent:
        return ''
    return (
        f'<p>Without a labelled pixel: {escape(", ".join(absent))}. Where '
        'they are predicted their IoU is 0, else they are in no mean.</p>'
    )


def _legend(classes: Sequence[str], palette: Sequence) -> str:
    entries = [
        f'<span><i style="background:rgb({int(r)},{int(g)},{int(b)})"></i>'
        f'{escape(name)}</span>'
        for name, (r, g, b) in zip(classes, palette, strict=True)
    ]
    return f'<p class="legend">{"".join(entries)}</p>'


def _sample(sample: Sample, palette: Sequence) -> str:
    pictures = {
        sample.name: sample.image,
        'label': colour_labels(sample.label, palette),
    }
    pictures.update(
        {
            run: colour_labels(prediction, palette)
            for run, prediction in sample.predictions.items()
        }
    )
    figures = ''.join(
        f'<figure>{_picture(to_png(picture), caption)}'
        f'<figcaption>{escape(caption)}</figcaption></figure>'
        for caption, picture in pictures.items()
    )
    return (
        f'<div class="samples" style="grid-template-columns:'
        f'repeat({len(pictures)}, 1fr)">{figures}</div>'
    )
