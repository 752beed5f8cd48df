"""A picture, and the numbers that it shows."""

import csv
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from ...errors import UserValueError


@dataclass
class Table:
    """Numbers of a picture, one observation a row.

    Attributes:
        columns: Headings, with the unit in brackets where there is one.
        rows: Values in the order of the columns; NaN and None for none.
    """

    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]] = field(default_factory=list)

    def csv(self) -> bytes:
        """The table as comma-separated values; empty where there is none.

        Raises:
            ValueError: A row has another number of values than the heading.
        """
        text = io.StringIO(newline='')
        writer = csv.writer(text, lineterminator='\n')
        writer.writerow(self.columns)
        for row in self.rows:
            if len(row) != len(self.columns):
                raise UserValueError(
                    f'Expected {len(self.columns)} values in each row, one '
                    f'for each of {self.columns}, but got {row}'
                )
            writer.writerow([_cell(value) for value in row])
        return text.getvalue().encode()


@dataclass(frozen=True)
class Drawn:
    """A picture with its tables.

    Attributes:
        png: The picture.
        tables: By ending of the file: '' for what is drawn, further ones for
            what it follows from, such as '_mixtures'.
    """

    png: bytes
    tables: dict[str, Table]

    def files(self, name: str) -> dict[str, bytes]:
        """What is written of it.

        Args:
            name: Name of the figure.

        Returns:
            Contents of ``<name>.png`` and of a CSV file for each table.
        """
        files = {f'{name}.png': self.png}
        for ending, table in self.tables.items():
            files[f'{name}{ending}.csv'] = table.csv()
        return files


def named_rows(
    name: Sequence[Any], *columns: Sequence[Any]
) -> list[tuple[Any, ...]]:
    """Rows of several columns of one length, behind values of all of them.

    Args:
        name: What each row begins with.
        *columns: Values; numbers of NumPy become those of Python.
    """
    lists = [getattr(c, 'tolist', lambda c=c: list(c))() for c in columns]
    return [(*name, *values) for values in zip(*lists, strict=True)]


def _cell(value: Any) -> Any:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ''
    return f'{value:.7g}' if isinstance(value, float) else value
