"""The rows as text."""

from collections.abc import Sequence

from . import classification, panoptic, segmentation, video
from .recipes import NOTES, level_of, notes_of
from .row import PublishedRow
from .rows import NOT_BUILT


def shown(score: float | None) -> str:
    """A score as the paper prints it; a dash where it has none."""
    return '-' if score is None else f'{score:.1f}'


def list_rows() -> str:
    """Row, tables of the papers, config, scores and recipe of each.

    Each task has a table of its own. The recipe is how far the config is
    that of the published number; the numbers behind it are those of the
    notes below the tables.
    """
    legend = [f'{i:3d}  {note.text}' for i, note in enumerate(NOTES, 1)]
    head = 'Recipes, and how they differ from those of the published numbers:'
    return '\n'.join(
        [
            _table(segmentation.ROWS, ('mIoU', 'std', 'mAcc', 'std')),
            '',
            _table(panoptic.ROWS, panoptic.KEYS),
            '',
            *(
                f'{_table(rows, (f"mIoU_{rule}", f"std_{rule}"))}\n'
                for rule, rows in video.ROWS_BY_RULE.items()
            ),
            _table(classification.ROWS, classification.HEADS),
            '',
            head,
            *legend,
            'Rows of the tables that there is no config of:',
            *(f'  {name}  {why}' for name, why in NOT_BUILT.items()),
        ]
    )


def _table(rows: Sequence[PublishedRow], keys: Sequence[str]) -> str:
    lines: list[tuple[str, ...]] = [
        ('row', 'tables', 'config', *keys, 'recipe')
    ]
    for row in rows:
        scores = [shown(value) for value in row.scores.values()]
        tables = ','.join(row.tables) or '-'
        notes = ','.join(str(NOTES.index(n) + 1) for n in notes_of(row.name))
        recipe = f'{level_of(row.name)} {notes}'
        lines.append((row.name, tables, row.config, *scores, recipe))
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return '\n'.join(
        '  '.join(
            # numbers to the right
            word.rjust(width) if 2 < i < 3 + len(keys) else word.ljust(width)
            for i, (word, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )
