"""What the papers report of a method, found by its config."""

import re
from dataclasses import replace
from pathlib import Path

from mmengine.config import Config

from ...configuration.checks.settling import settle_config
from ...configuration.library import library_folder
from ...configuration.reading import load_config
from ...errors import UserError
from ...evaluation.comparison.comparison import Published
from ...evaluation.published.recipes import level_of
from ...evaluation.published.row import POST_HOC, PublishedRow
from ...evaluation.published.rows import ROWS
from ..records.settings import RANKS_KEY, changed_settings
from ..seed import SEED_KEY
from .evaluated_as import procedure_of, tau_of
from .result import Result

PAPERS = dict(B='BLDA', G='GBW')
HEADLINE = re.compile(r'_synthia16$')


def find_published(result: Result) -> tuple[Published | None, str]:
    """The row of the papers' tables that a result is of.

    Args:
        result: A result at the end of a training, of the student.

    Returns:
        Scores and source; None where no row is of this config. And a line
        for the user where one would be, had settings not been changed.
    """
    row = _row_of(result)
    if row is None or not row.tables:
        return None, ''
    if result.progress or result.part == 'teacher':
        return None, ''
    changed = changed_keys(row, result)
    if changed:
        return None, (
            f'{result.name}: the published row {row.name} is not beside it, '
            f'since settings differ from its config: {", ".join(changed)}'
        )
    return published_of(row), ''


def published_of(row: PublishedRow) -> Published:
    """Scores of a row by the keys of ours, and where they stand.

    Args:
        row: The row. Means over the 16 classes of SYNTHIA are those that its
            configs have without an ending.
    """
    scores = {k: v for k, v in row.scores.items() if v is not None}
    scores |= {HEADLINE.sub('', key): v for key, v in scores.items()}
    others = [
        f'{key} {value:.1f}'
        for key, value in scores.items()
        if key.endswith('_synthia13')
    ]
    words = [f'row {row.name}, {source_of(row)}', *others]
    return Published(
        scores,
        f'{"; ".join(words)}; recipe of our config: {level_of(row.name)} '
        '(reproduce --list says what differs)',
    )


def source_of(row: PublishedRow) -> str:
    """Papers and tables, as 'BLDA Tables 1, 3; GBW Table 1'."""
    found: dict[str, list[str]] = {}
    for table in row.tables:
        found.setdefault(PAPERS[table[0]], []).append(table[1:])
    return '; '.join(
        f'{paper} Table{"s" if len(tables) > 1 else ""} {", ".join(tables)}'
        for paper, tables in found.items()
    )


def changed_keys(row: PublishedRow, result: Result) -> list[str]:
    """Keys in which a training, or its test, is not that of a row's config.

    Args:
        row: The row.
        result: Scores of the training.
    """
    if result.settings is None:
        return ['its settings are not known']
    trained = next(r for r in ROWS if r.name == row.trained_as)
    try:
        cfg = load_config(
            str(library_folder() / trained.config), relocate=False
        )
        settle_config(cfg)
    except UserError as error:
        return [str(error)]
    cfg[RANKS_KEY] = 1
    ours = Config(dict(result.settings))
    ours.setdefault(RANKS_KEY, 1)
    changes = changed_settings(cfg, ours)
    tested = procedure_of(result)
    if tested:
        then = procedure_of(replace(result, evaluated=cfg))
        # of the model the training has told; no paper tells of the fit
        tested |= {key: then[key] for key in ('model', 'statistics')}
        if 'frames' not in then:  # loaded for a score that no table has
            tested.pop('frames', None)
        changes += changed_settings(then, tested, evaluation=True)
    return [
        change.key
        for change in changes
        if not change.is_place
        and change.key not in (SEED_KEY, 'randomness')
        # of another start the key is named below init_cfg, too
        and change.key != 'load_from'
    ]


def _row_of(result: Result) -> PublishedRow | None:
    """The row whose config has the name of the result's."""
    tau = tau_of(result.evaluated)
    for row in ROWS:
        trained = row.name.endswith(POST_HOC)
        if tau is None and not trained:
            if Path(row.config).stem == result.name:
                return row
        if tau is not None and trained and _tau_of_row(row) == tau:
            plain = next(r for r in ROWS if r.name == row.trained_as)
            if Path(plain.config).stem == result.name:
                return row
    return None


def _tau_of_row(row: PublishedRow) -> float:
    cfg = load_config(str(library_folder() / row.config), relocate=False)
    return float(cfg.model.tau)
