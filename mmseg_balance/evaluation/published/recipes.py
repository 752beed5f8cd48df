"""How far the config of each row is the recipe of its published number."""

import re

from . import classification_notes, segmentation_notes, video_notes
from .note import LEVELS, Note

NOTES = (
    *segmentation_notes.NOTES,
    *video_notes.NOTES,
    *classification_notes.NOTES,
)


def notes_of(row: str) -> tuple[Note, ...]:
    """What is noted of a row.

    Args:
        row: Its name, 'gta/daformer+blda' for one.
    """
    return tuple(n for n in NOTES if re.fullmatch(n.rows, row))


def level_of(row: str) -> str:
    """How far a row's recipe is the published one, by its worst note.

    Args:
        row: Its name.

    Returns:
        One of ``LEVELS``.
    """
    return max((n.level for n in notes_of(row)), key=LEVELS.index)


def describe_recipe(row: str) -> str:
    """Level and notes of a row, a line each.

    Args:
        row: Its name.
    """
    lines = [f'recipe: {level_of(row)}']
    lines += [f'  - {note.text}' for note in notes_of(row)]
    return '\n'.join(lines)
