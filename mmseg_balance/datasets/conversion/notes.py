"""What a conversion found in a data set, for the user and as JSON."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ...files.writing import write_atomically

NOTES_FILE = 'conversion_notes.json'
SHOWN_NOTES = 5

# what is said of each kind; its key is that of the JSON file
KINDS = {
    'other_size': 'labels of another size than their image, brought to it',
    'plain_image': 'images of one colour or two, black or white alone, which '
    'are trained on like the others; to leave one out, move it and its label '
    'away and run this again',
    'no_class': 'labels without a pixel of any class',
    'unreadable_image': 'images that cannot be read; a training stops at them',
    'other_tool': 'labels that other tools converted, which differ at the '
    'edges of objects and are kept',
    'no_image': 'labels without an image, whose size was not compared',
}
Notes = Mapping[str, Sequence[dict[str, Any]]]


def merge_notes(parts: Sequence[Notes]) -> dict[str, list[dict[str, Any]]]:
    """Put the notes of several files or folders together.

    Args:
        parts: Entries by kind, each a dict with ``file``.

    Returns:
        Entries of every kind, in the order of the parts.
    """
    return {
        kind: [entry for part in parts for entry in part.get(kind, ())]
        for kind in KINDS
    }


def write_notes(folder: str | Path, notes: Notes) -> None:
    """Write the notes beside the class statistics.

    Args:
        folder: Where ``conversion_notes.json`` is written.
        notes: Entries by kind.
    """
    text = json.dumps(notes, indent=2)
    write_atomically(Path(folder, NOTES_FILE), text.encode())


def describe_notes(notes: Notes, folder: str | Path) -> str:
    """Format the notes for the terminal.

    Args:
        notes: Entries by kind.
        folder: Where :func:`write_notes` wrote them.

    Returns:
        A paragraph for each kind that occurs; empty where none does.
    """
    lines = []
    for kind, text in KINDS.items():
        entries = notes.get(kind) or ()
        if not entries:
            continue
        lines.append(f'{text}: {len(entries)}')
        lines += [f'  {_line(entry)}' for entry in entries[:SHOWN_NOTES]]
        if len(entries) > SHOWN_NOTES:
            lines.append(f'  and {len(entries) - SHOWN_NOTES} more')
    if lines:
        lines.append(f'all of them are in {Path(folder, NOTES_FILE)}')
    return '\n'.join(lines)


def _line(entry: Mapping[str, Any]) -> str:
    rest = [str(value) for key, value in entry.items() if key != 'file']
    return ', '.join([str(entry['file']), *rest])
