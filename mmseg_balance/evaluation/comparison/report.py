"""A comparison as text: Markdown, LaTeX, CSV or JSON."""

import json
import math
from collections.abc import Iterable, Sequence
from typing import Any

from .comparison import Comparison, Method
from .differences import Interval, PairedDifference
from .formats import Table, comma_separated, latex, markdown
from .runs import ScoredRun, compared_headlines, headlines

FORMATS = ('md', 'csv', 'latex', 'json')
TIDY = (
    *('method', 'score', 'mean', 'std_over_seeds', 'seeds', 'published'),
    *('baseline', 'difference', 'bootstrap_low', 'bootstrap_high'),
    *('t_low', 't_high', 'pairs'),
)
INTERVALS = (
    'Intervals of 95 %. bootstrap: percentiles of the mean of 9999 resamples '
    "of the pairs; t: Student's, for normally distributed differences."
)
FEW_PAIRS = (
    'Of 2 or 3 pairs the bootstrap is their range, which holds the median in '
    '50 or 75 % of cases: too narrow, so take the t interval beside it.'
)


def report(
    comparison: Comparison, form: str, class_scores: Sequence[str] = ()
) -> str:
    """All of a comparison in one format.

    Args:
        comparison: The comparison.
        form: One of ``FORMATS``.
        class_scores: Scores of classes to show as tables of their own, of
            ``CLASS_SCORES``; CSV and JSON have all of them.

    Returns:
        The text, without a line break at its end.
    """
    if form == 'json':
        return json.dumps(as_dict(comparison), indent=1)
    if form == 'csv':
        return comma_separated(tidy_table(comparison))
    tables = [score_table(comparison)]
    tables += [class_table(comparison, score) for score in class_scores]
    if comparison.differences:
        tables.append(difference_table(comparison))
    if form == 'latex':
        text = '\n\n'.join(map(latex, tables))
        return '\n'.join([text, *(f'% {line}' for line in legend(comparison))])
    text = '\n\n'.join(f'{t.title}:\n\n{markdown(t)}' for t in tables)
    lines = [f'- {line}' for line in legend(comparison)]
    return '\n'.join([text, '', *lines]) if lines else text


def legend(comparison: Comparison) -> list[str]:
    """What is below the tables: intervals, papers and notes."""
    lines = []
    pairs = [len(d.seeds) for d in comparison.differences]
    if any(n > 1 for n in pairs):
        lines.append(INTERVALS)
    if any(1 < n < 4 for n in pairs):
        lines.append(FEW_PAIRS)
    if any(n == 1 for n in pairs):
        lines.append('1 pair: no interval, and no word on noise.')
    lines += [
        f'published, {method.name}: {method.published.source}'
        for method in comparison.methods
        if method.published is not None
    ]
    return [*lines, *comparison.notes]


def score_table(comparison: Comparison) -> Table:
    """Scores of each method, those of a paper below ours."""
    keys = headlines(_runs(comparison))
    rows = []
    for method in comparison.methods:
        cells = [
            str(method.scores[key]) if key in method.scores else '-'
            for key in keys
        ]
        rows.append((method.name, *cells, str(len(method.runs))))
        if method.published is not None:
            scores = method.published.scores
            cells = [
                f'{scores[key]:.1f}' if key in scores else '-' for key in keys
            ]
            rows.append((f'{method.name}, published', *cells, '-'))
    return Table(
        'Mean and standard deviation (ddof 1) over seeds, in percent; '
        f'{_over_classes(keys)} over classes, in points',
        ('Method', *keys, 'Seeds'),
        rows,
    )


def class_table(comparison: Comparison, score: str) -> Table:
    """One score of each class, a column a method.

    Args:
        comparison: The comparison.
        score: One of ``CLASS_SCORES``.
    """
    rows = []
    for name in comparison.classes:
        cells = [
            str(m.scores[f'{score}.{name}'])
            if f'{score}.{name}' in m.scores
            else '-'
            for m in comparison.methods
        ]
        rows.append((name, *cells))
    names = [method.name for method in comparison.methods]
    return Table(f'{score} of each class', ('Class', *names), rows)


def difference_table(comparison: Comparison) -> Table:
    """Differences of the headline scores, paired by seed.

    CSV and JSON have those of classes, too.
    """
    shown = compared_headlines(_runs(comparison))
    rows = [
        (
            f'{d.method} - {d.baseline}',
            d.key,
            f'{d.mean:+.1f}',
            _shown(d.bootstrap),
            _shown(d.student_t),
            str(len(d.seeds)),
        )
        for d in comparison.differences
        if d.key in shown
    ]
    return Table(
        'Differences in points, paired by seed',
        ('Pair', 'Score', 'Mean', 'bootstrap', 't', 'Pairs'),
        rows,
    )


def tidy_table(comparison: Comparison) -> Table:
    """A row for each score and difference, for programs that read it."""
    found: dict[tuple[str, str], list[PairedDifference]] = {}
    for difference in comparison.differences:
        key = difference.method, difference.key
        found.setdefault(key, []).append(difference)
    rows = [
        (*own, *_difference_cells(difference))
        for method in comparison.methods
        for key, own in _score_cells(method)
        for difference in found.get((method.name, key), [None])
    ]
    return Table('scores', TIDY, rows)


def as_dict(comparison: Comparison) -> dict[str, Any]:
    """A comparison as JSON has it; NaN becomes null."""
    return dict(
        classes=list(comparison.classes),
        methods=[
            dict(
                name=method.name,
                seeds=list(method.seeds),
                scores={
                    key: dict(mean=s.mean, std=s.std, seeds=s.num)
                    for key, s in method.scores.items()
                },
                runs=[
                    dict(
                        seed=run.seed,
                        origin=run.origin,
                        scores={
                            key: value if math.isfinite(value) else None
                            for key, value in run.scores.items()
                        },
                    )
                    for run in method.runs
                ],
                published=None
                if method.published is None
                else dict(
                    source=method.published.source,
                    scores=dict(method.published.scores),
                ),
            )
            for method in comparison.methods
        ],
        differences=[
            dict(
                method=d.method,
                baseline=d.baseline,
                score=d.key,
                mean=d.mean,
                seeds=list(d.seeds),
                values=list(d.values),
                bootstrap=d.bootstrap,
                t=d.student_t,
            )
            for d in comparison.differences
        ],
        notes=list(comparison.notes),
    )


def _score_cells(method: Method) -> list[tuple[str, tuple[str, ...]]]:
    published = method.published.scores if method.published else {}
    return [
        (
            key,
            (
                *(method.name, key, f'{s.mean:.4f}'),
                *('' if s.std is None else f'{s.std:.4f}', str(s.num)),
                str(published.get(key, '')),
            ),
        )
        for key, s in method.scores.items()
    ]


def _difference_cells(difference: PairedDifference | None) -> tuple[str, ...]:
    if difference is None:
        return ('',) * 7
    ends = [
        '' if interval is None else f'{interval[i]:.4f}'
        for interval in (difference.bootstrap, difference.student_t)
        for i in (0, 1)
    ]
    mean, pairs = f'{difference.mean:.4f}', str(len(difference.seeds))
    return difference.baseline, mean, *ends, pairs


def _runs(comparison: Comparison) -> list[ScoredRun]:
    return [run for method in comparison.methods for run in method.runs]


def _over_classes(keys: Iterable[str]) -> str:
    *most, last = (key for key in keys if '_std' in key)
    return f'{", ".join(most)} and {last} are' if most else f'{last} is'


def _shown(interval: Interval | None) -> str:
    if interval is None:
        return '-'
    return '[{:+.1f}, {:+.1f}]'.format(*interval)
