"""A table as Markdown, LaTeX or CSV."""

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass

LATEX = {
    **{char: f'\\{char}' for char in '&%$#_{}'},
    '\\': r'\textbackslash{}',
    '~': r'\textasciitilde{}',
    '^': r'\textasciicircum{}',
    '<': r'\textless{}',
    '>': r'\textgreater{}',
    '|': r'\textbar{}',
}
SPREAD = re.compile(r' \+- ')
MINUS = re.compile(r'(?<![\w.])-(?=\d)')


@dataclass(frozen=True)
class Table:
    """A table of text.

    Attributes:
        title: What it shows, for a line above it.
        heads: Of the columns; the first one is of names, all others are of
            numbers.
        rows: Cells of each row, as many as heads.
    """

    title: str
    heads: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]


def markdown(table: Table) -> str:
    """A table as GitHub shows it, also legible as text.

    Args:
        table: The table.

    Returns:
        Lines of equal width.
    """
    lines = [
        [cell.replace('|', '\\|') for cell in line]
        for line in (table.heads, *table.rows)
    ]
    widths = [max(3, *map(len, column)) for column in zip(*lines, strict=True)]
    rule = [
        '-' * width if i == 0 else '-' * (width - 1) + ':'
        for i, width in enumerate(widths)
    ]
    return '\n'.join(
        '| '
        + ' | '.join(
            cell.rjust(width) if i else cell.ljust(width)
            for i, (cell, width) in enumerate(zip(line, widths, strict=True))
        )
        + ' |'
        for line in (lines[0], rule, *lines[1:])
    )


def latex(table: Table) -> str:
    r"""A table for LaTeX with the package booktabs.

    Args:
        table: The table.

    Returns:
        A ``tabular``; ``+-`` becomes :math:`\pm`.
    """
    columns = 'l' + 'r' * (len(table.heads) - 1)
    rows = [_latex_line(row) for row in table.rows]
    return '\n'.join(
        [
            f'% {table.title}',
            rf'\begin{{tabular}}{{{columns}}}',
            r'\toprule',
            _latex_line(table.heads),
            r'\midrule',
            *rows,
            r'\bottomrule',
            r'\end{tabular}',
        ]
    )


def comma_separated(table: Table) -> str:
    """A table as CSV.

    Args:
        table: The table; its title is left out.

    Returns:
        Lines, quoted where it is needed.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator='\n')
    writer.writerows([table.heads, *table.rows])
    return text.getvalue().rstrip('\n')


def _latex_line(cells: Sequence[str]) -> str:
    line = ' & '.join(map(_latex_cell, cells)) + r' \\'
    # behind the line break before it a bracket would be its height
    return f'{{}}{line}' if line.startswith('[') else line


def _latex_cell(cell: str) -> str:
    """A cell without characters that LaTeX takes for commands."""
    parts = SPREAD.split(cell)
    escaped = [''.join(LATEX.get(c, c) for c in part) for part in parts]
    # a minus, not a hyphen
    return r' $\pm$ '.join(MINUS.sub('$-$', part) for part in escaped)
