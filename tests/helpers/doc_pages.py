"""The commands that the pages of the documentation name."""

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / 'README.md', *sorted((ROOT / 'docs').glob('*.md'))]
FENCE = re.compile(r'^ *```(bash|console)\s*$')
MARKER = re.compile(r'<!-- needs data: .+ -->')


@dataclass(frozen=True)
class Command:
    """A command line of a page.

    Attributes:
        page: Name of the page.
        line: Number of its line, from 1.
        words: As a shell splits it.
        needs_data: Whether it is marked as needing what is not there.
    """

    page: str
    line: int
    words: tuple[str, ...]
    needs_data: bool

    def __str__(self) -> str:
        return f'{self.page}:{self.line} {" ".join(self.words)}'


def commands(page: Path) -> list[Command]:
    """Command lines in the bash blocks of a page."""
    found, marked, inside, text = [], False, False, ''
    for number, line in enumerate(page.read_text().splitlines(), 1):
        if inside and line.strip() == '```':
            inside = marked = False
        elif inside:
            text += line.strip()
            if text.endswith('\\'):
                text = text[:-1]
                continue
            words = tuple(shlex.split(text.removeprefix('$ '), comments=True))
            if words:
                found.append(Command(page.name, number, words, marked))
            text = ''
        elif FENCE.match(line):
            inside = True
        elif line.strip():
            marked = bool(MARKER.search(line))
    return found
