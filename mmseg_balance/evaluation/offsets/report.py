"""Effects of the offsets as tables and as plain numbers."""

import math
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

from prettytable import PrettyTable
from torch import Tensor

from mmseg_balance.logits.progress import Track, untracked
from mmseg_balance.logits.statistics.domain_statistics import DOMAINS

from .effects import GROUPS, MARGIN, OffsetEffects
from .two_models import TwoModels

# key, heading, factor and format of each column
Column = tuple[str, str, float, str]
SCORES: tuple[Column, ...] = (
    ('labelled', 'Labelled', 100, '.2f'),
    ('predicted', 'Predicted', 100, '.2f'),
    ('precision', 'Precision', 100, '.1f'),
    ('recall', 'Recall', 100, '.1f'),
    ('bias', 'Bias', 100, '+.1f'),
    ('bias_source', 'Eq. 5 source', 100, '+.1f'),
    ('bias_target', 'Eq. 5 target', 100, '+.1f'),
)
OFFSETS: tuple[Column, ...] = (
    ('support_source', 'Updates s', 100, '.0f'),
    ('support_target', 'Updates t', 100, '.0f'),
    ('source_labelled', 'Source, label', 1, '+.2f'),
    ('target_predicted', 'Target', 1, '+.2f'),
    ('target_right', 'right', 1, '+.2f'),
    ('target_wrong', 'wrong', 1, '+.2f'),
    ('target_margin', 'margin', 1, '+.2f'),
)
COMPARED: tuple[Column, ...] = (
    ('predicted', 'Predicted', 100, '.2f'),
    ('other_predicted', 'Other', 100, '.2f'),
    ('agreement', 'Agreement', 100, '.1f'),
    ('iou', 'IoU', 100, '.1f'),
    ('other_iou', 'Other IoU', 100, '.1f'),
    ('gained', 'Gained', 100, '.1f'),
    ('lost', 'Lost', 100, '.1f'),
    ('neither', 'Neither', 100, '.1f'),
)
NOTES = (
    'Percent. Labelled, Predicted: shares of the {unit}s. Precision: share '
    'of the pseudo-labels of a class that are right. Bias: points, measured '
    '(Eq. 4), and by the distributions of the logits (Eq. 5).',
    'Updates s, t: share of the updates of the source and the target for '
    'which the class had enough {unit}s. Offsets in units of the logits, '
    'mean (std) of that of the own logit. Training subtracts tau times it, '
    'so that a positive one has the logit learnt higher: by '
    'source distributions of the {unit}s labelled with the class; by target '
    'distributions of those predicted as it, and of these the right and the '
    'wrong ones. margin: less the offset of the largest other logit, over '
    'those predicted as it.',
)
NOTE_COMPARED = (
    'Agreement: of the {unit}s predicted as the class, the share that the '
    'other model predicts so too. IoU: with the labels. Gained, Lost, '
    'Neither: of those that it does not, the share that this model has '
    'right, that the other has, and neither.'
)
WIDTH = 79
MOST_ROWS, ROWS_AN_END = 40, 15


def class_values(
    effects: OffsetEffects, track: Track = untracked
) -> dict[str, Tensor]:
    """All values of the classes.

    Args:
        effects: At the end of a pass.
        track: Shows progress.

    Returns:
        float64 (C,) by name; what needs labels is left out where there were
        none.
    """
    values = effects.scores() | effects.biases(track)
    groups = [*GROUPS, MARGIN]
    if effects.confusion is None:
        groups = ['predicted', MARGIN]
    for domain in DOMAINS:
        values[f'support_{domain}'] = effects.support(domain)
        for group in groups:
            mean, std = effects.offset(domain, group)
            values[f'{domain}_{group}'] = mean
            values[f'{domain}_{group}_std'] = std
    return values


def report_text(
    classes: Sequence[str],
    values: Mapping[str, Tensor],
    compared: TwoModels | None = None,
    unit: str = 'pixel',
) -> str:
    """Tables of the classes, as they are numbered.

    Args:
        classes: Names of the C classes.
        values: Of :func:`class_values`.
        compared: Counts beside another model.
        unit: What is classified, for the text.

    Returns:
        Tables and notes; a dash where there is no value. Of more than 40
        classes the first and the last 15.
    """
    parts = []
    for columns, note in zip((SCORES, OFFSETS), NOTES, strict=True):
        parts += [_table(classes, values, columns), _wrapped(note, unit)]
    if compared is not None:
        of_both = {**values, **compared.by_class()}
        parts += [
            _table(classes, of_both, COMPARED),
            _wrapped(NOTE_COMPARED, unit),
            _totals(compared.totals(), unit),
        ]
    return '\n'.join(parts)


def report_dict(
    classes: Sequence[str],
    values: Mapping[str, Tensor],
    effects: OffsetEffects,
    compared: TwoModels | None = None,
) -> dict[str, Any]:
    """The same for JSON, and more.

    Args:
        classes, values, compared: As in :func:`report_text`.
        effects: Of the pass.

    Returns:
        Plain numbers by name: shares and scores from 0 to 1, biases too,
        offsets in units of the logits; None where there is no value.
    """
    content: dict[str, Any] = dict(
        units=dict(
            shares='0 to 1',
            biases='0 to 1; times 100, points',
            offsets='units of the logits, without tau',
        ),
        classes=_by_class(classes, values),
    )
    if effects.confusion is not None:
        content['taken_for'] = {
            name: _by_name(classes, row)
            for name, row in zip(classes, effects.pair_shares(), strict=True)
        }
    if compared is not None:
        content['compared'] = dict(
            # totals are percent
            {k: _or_none(v / 100) for k, v in compared.totals().items()},
            classes=_by_class(classes, compared.by_class()),
        )
    return content


def _table(
    classes: Sequence[str],
    values: Mapping[str, Tensor],
    columns: Sequence[Column],
) -> str:
    shown = [c for c in columns if c[0] in values]
    table = PrettyTable(['Class', *(heading for _, heading, *_ in shown)])
    table.align = 'r'
    table.align['Class'] = 'l'
    rows: list[int | None] = list(range(len(classes)))
    if len(rows) > MOST_ROWS:
        rows = [*rows[:ROWS_AN_END], None, *rows[-ROWS_AN_END:]]
    for i in rows:
        if i is None:
            left = len(classes) - 2 * ROWS_AN_END
            table.add_row([f'... {left} more ...', *[''] * len(shown)])
            continue
        cells = [
            _cell(values, key, i, factor, form)
            for key, _, factor, form in shown
        ]
        table.add_row([classes[i], *cells])
    return table.get_string()


def _cell(
    values: Mapping[str, Tensor], key: str, i: int, factor: float, form: str
) -> str:
    value = factor * float(values[key][i])
    if math.isnan(value):
        return '-'
    spread = values.get(f'{key}_std')
    if spread is None or key.endswith(MARGIN):
        return format(value, form)
    return f'{value:{form}} ({float(spread[i]):.2f})'


def _totals(totals: Mapping[str, float], unit: str) -> str:
    line = (
        f'Both models predict the same class for {totals["agreement"]:.2f} % '
        f'of the {unit}s; mean IoU of the two {totals["agreement_iou"]:.2f}; '
        f'class shares {totals["share_distance"]:.2f} points apart.'
    )
    if 'gained' in totals and not math.isnan(totals['gained']):
        line += (
            f' Where they differ this one is right in {totals["gained"]:.1f} '
            f'% of the labelled {unit}s, the other in {totals["lost"]:.1f} %.'
        )
    return _wrapped(line, unit)


def _by_class(
    classes: Sequence[str], values: Mapping[str, Tensor]
) -> dict[str, dict[str, float | None]]:
    return {
        name: {key: _or_none(float(v[i])) for key, v in values.items()}
        for i, name in enumerate(classes)
    }


def _by_name(classes: Sequence[str], row: Tensor) -> dict[str, float | None]:
    return {
        name: _or_none(value)
        for name, value in zip(classes, row.tolist(), strict=True)
    }


def _or_none(value: float) -> float | None:
    return None if math.isnan(value) else value


def _wrapped(line: str, unit: str) -> str:
    return textwrap.fill(line.format(unit=unit), WIDTH, subsequent_indent='  ')
