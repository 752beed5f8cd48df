"""A bias assessment as text and as plain numbers."""

import math
import textwrap
from collections.abc import Sequence

from prettytable import PrettyTable
from torch import Tensor

from .bias_assessment import BiasAssessment
from .confusion import mean_and_std

# heading, factor and format of each column
COLUMNS = dict(
    bias=('Bias', 100, '+.2f'),
    mixture_bias=('Bias, Eq. 5', 100, '+.2f'),
    js_positive=('JS to P_p', 1, '.3f'),
    js_negative=('JS to P_n', 1, '.3f'),
)
DIVERGENCES = ('js_positive', 'js_negative')
NOTES = (
    'Bias: percentage points, from the predictions of all {unit}s (Eq. 4), '
    'and from mixtures fitted to their logits, those of each {unit} taken '
    'for independent (Eq. 5).',
    'JS: Jensen-Shannon divergence, 0 to 0.693 nats, of the logit of a class '
    'on its own {unit}s from P_p, and on the {unit}s of each other class '
    '(mean over these) from P_n.',
)
# with more classes, those at either end of the order are shown
MOST_ROWS, ROWS_AN_END = 40, 15
MOST_NAMES, NAMES_OF_MANY = 20, 10
WIDTH = 79
TIED = '\N{NO-BREAK SPACE}'


def report_text(assessment: BiasAssessment) -> str:
    """Table of the classes by falling bias, and what follows from it.

    Args:
        assessment: The assessment.

    Returns:
        Table and lines below it; a dash where there is no value. Of many
        classes the first and the last, and how many there are between.
    """
    headings = [heading for heading, _, _ in COLUMNS.values()]
    table = PrettyTable(
        ['Class', f'{assessment.unit}s'.capitalize(), *headings], align='r'
    )
    table.align['Class'] = 'l'
    columns = [
        [
            _number(v, form)
            for v in (factor * getattr(assessment, key)).tolist()
        ]
        for key, (_, factor, form) in COLUMNS.items()
    ]
    order: list[int | None] = list(assessment.order)
    if len(order) > MOST_ROWS:
        order = [*order[:ROWS_AN_END], None, *order[-ROWS_AN_END:]]
    for i in order:
        if i is None:
            left = len(assessment.order) - 2 * ROWS_AN_END
            table.add_row([f'... {left} more ...', *[''] * (1 + len(COLUMNS))])
            continue
        pixels = f'{int(assessment.num_pixels[i]):,}'
        table.add_row(
            [assessment.classes[i], pixels, *(cells[i] for cells in columns)],
            divider=i == order[-1],
        )
    for which, name in enumerate(('mean', 'std')):
        cells = [
            _number(_mean_and_std(getattr(assessment, key))[which], '.3f')
            for key in DIVERGENCES
        ]
        table.add_row([name, '', '', '', *cells])
    notes = [note.format(unit=assessment.unit) for note in NOTES]
    lines = [_wrapped(line) for line in [*notes, *_conclusions(assessment)]]
    return '\n'.join([table.get_string(), *lines])


def report_dict(assessment: BiasAssessment) -> dict:
    """The same for JSON.

    Args:
        assessment: The assessment.

    Returns:
        Plain numbers and names: biases in percentage points, divergences in
        nats, None where there is no value.
    """
    values = {f'{assessment.unit}s': assessment.num_pixels.tolist()}
    for key, (_, factor, _) in COLUMNS.items():
        column = (factor * getattr(assessment, key)).tolist()
        values[key] = [_or_none(v) for v in column]
    summary = {}
    for key in DIVERGENCES:
        mean, std = _mean_and_std(getattr(assessment, key))
        summary[f'{key}_mean'] = _or_none(mean)
        summary[f'{key}_std'] = _or_none(std)
    return dict(
        units=dict(bias='percentage points', js='nats'),
        anchors=assessment.anchors,
        over_predicted=assessment.over_predicted,
        under_predicted=assessment.under_predicted,
        absent=assessment.absent,
        not_fitted=assessment.not_fitted,
        rank_correlation=_or_none(assessment.rank_correlation),
        **summary,
        classes={
            name: {key: column[i] for key, column in values.items()}
            for i, name in enumerate(assessment.classes)
        },
    )


def _conclusions(assessment: BiasAssessment) -> list[str]:
    points = (100 * assessment.bias).tolist()
    bias = dict(zip(assessment.classes, points, strict=True))
    lines = [
        'P_p and P_n: anchors of the positive and the negative logits, of '
        f'{assessment.anchors}.'
    ]
    for title, names in (
        ('Over-predicted', assessment.over_predicted),
        ('Under-predicted', assessment.under_predicted),
    ):
        listed = _listed(
            [f'{n} {bias[n]:+.2f}'.replace(' ', TIED) for n in names]
        )
        lines.append(f'{title}: {listed or "no class"}')
    correlation, unit = assessment.rank_correlation, assessment.unit
    if not math.isnan(correlation):
        lines.append(
            'Rank correlation (Spearman) of the two biases: '
            f'{correlation:+.2f}'
        )
    for title, names in (
        (f'Without a labelled {unit}', assessment.absent),
        (
            f'With too few labelled {unit}s for mixtures',
            assessment.not_fitted,
        ),
    ):
        if names:
            lines.append(f'{title}: {_listed(names)}')
    return lines


def _listed(names: Sequence[str]) -> str:
    if len(names) <= MOST_NAMES:
        return ', '.join(names)
    shown = ', '.join(names[:NAMES_OF_MANY])
    return f'{shown}, and {len(names) - NAMES_OF_MANY} more'


def _wrapped(line: str) -> str:
    return textwrap.fill(
        line,
        WIDTH,
        subsequent_indent='  ',
        break_long_words=False,  # paths
        break_on_hyphens=False,
    ).replace(TIED, ' ')


def _mean_and_std(values: Tensor) -> tuple[float, float]:
    if bool(values.isnan().all()):
        return math.nan, math.nan
    return mean_and_std(values)


def _number(value: float, form: str) -> str:
    return '-' if math.isnan(value) else format(value, form)


def _or_none(value: float) -> float | None:
    return None if math.isnan(value) else value
