"""Predicted classes of images as a table, written as they come."""

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ...errors import UserFileExistsError, UserValueError
from ...files.writing import write_atomically

TABLE, LIST = 'predictions.csv', 'predictions.json'
FIRST = ('image', 'label', 'name', 'confidence')
PREFIX = 'p.'


@dataclass(frozen=True)
class ClassRow:
    """What a classifier says of one image.

    Attributes:
        label: Number of the class.
        probabilities: Of each class, (C,).
    """

    label: int
    probabilities: tuple[float, ...]


class ClassTable:
    """A CSV file with a row for each image.

    Columns: ``image``, a path below the folder that was given; ``label``, the
    number of its class from 0; ``name``, ``confidence``, the probability of
    that; and ``p.<class>``, that of each class. Rows are added one by one, so
    that a run that is killed leaves what it has come to; ``finish`` puts
    them in order.

    Args:
        folder: Where the file is.
        classes: Names of the classes.
    """

    def __init__(self, folder: Path, classes: Sequence[str]) -> None:
        self.file = folder / TABLE
        self._classes = tuple(classes)
        self._heads = (*FIRST, *(f'{PREFIX}{name}' for name in classes))
        self._rows: dict[str, ClassRow] = {}
        self._is_begun = False

    def read(self) -> None:
        """Take over the rows of an earlier run; half a last line is dropped.

        Raises:
            FileExistsError: The file is no such table.
        """
        if not self.file.is_file():
            return
        whole = self.file.read_text('utf-8').rpartition('\n')[0]
        heads, *lines = csv.reader(io.StringIO(whole)) if whole else ([],)
        if tuple(heads) != self._heads:
            raise UserFileExistsError(
                f'{self.file} is not a table of predictions of these classes:'
                ' name another folder with --out'
            )
        for line in lines:
            try:
                _, label, name, _, *numbers = line
                row = ClassRow(int(label), tuple(map(float, numbers)))
                known = self._classes[row.label] == name
            except (ValueError, IndexError):
                known = False
            if not known or len(row.probabilities) != len(self._classes):
                raise UserValueError(
                    f'{self.file}: {",".join(line)[:80]!r} is no row of '
                    'predictions: take the line away, and its image is '
                    'predicted anew'
                )
            self._rows[line[0]] = row

    def __contains__(self, name: str) -> bool:
        """Whether there is a row of an image, or of a frame of a video."""
        return name in self._rows or any(
            row.startswith(f'{name}/') for row in self._rows
        )

    def get(self, image: str) -> ClassRow | None:
        """The row of an image; None where there is none."""
        return self._rows.get(image)

    def add(self, image: str, row: ClassRow) -> None:
        """Add the row of an image, to the file as well.

        Args:
            image: Its path.
            row: What is said of it.
        """
        if not self._is_begun:
            # heads, and the rows that were taken over
            self._write(self._rows)
            self._is_begun = True
        is_new = image not in self._rows
        self._rows[image] = row
        if is_new:
            with self.file.open('a', encoding='utf-8') as file:
                file.write(self._text([(image, row)]))

    def finish(self, order: Iterable[str], as_json: bool) -> None:
        """Write all rows, those of an order first.

        Args:
            order: Images of this run.
            as_json: Whether they are written to ``predictions.json``, too.
        """
        names = dict.fromkeys([*order, *sorted(self._rows)])
        rows = {name: self._rows[name] for name in names if name in self._rows}
        self._write(rows)
        if as_json:
            content = dict(
                classes=list(self._classes),
                images=[self._entry(*item) for item in rows.items()],
            )
            text = json.dumps(content, indent=1)
            write_atomically(self.file.with_name(LIST), text.encode())

    def _entry(self, image: str, row: ClassRow) -> dict[str, Any]:
        numbers = [float(f'{p:.6g}') for p in row.probabilities]
        return dict(
            image=image,
            label=row.label,
            name=self._classes[row.label],
            confidence=numbers[row.label],
            probabilities=dict(zip(self._classes, numbers, strict=True)),
        )

    def _write(self, rows: Mapping[str, ClassRow]) -> None:
        heads = io.StringIO()
        csv.writer(heads, lineterminator='\n').writerow(self._heads)
        text = heads.getvalue() + self._text(rows.items())
        write_atomically(self.file, text.encode())

    def _text(self, rows: Iterable[tuple[str, ClassRow]]) -> str:
        text = io.StringIO()
        writer = csv.writer(text, lineterminator='\n')
        for image, row in rows:
            numbers = [f'{p:.6g}' for p in row.probabilities]
            name = self._classes[row.label]
            found = (image, row.label, name, numbers[row.label])
            writer.writerow([*found, *numbers])
        return text.getvalue()


def class_row(probabilities: np.ndarray, label: int) -> ClassRow:
    """The row of a prediction.

    Args:
        probabilities: Of each class, (C,).
        label: The class.
    """
    return ClassRow(label, tuple(map(float, probabilities)))
