"""What pseudo-labels in a folder were made with, kept beside them."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ...errors import UserFileExistsError, UserNotADirectoryError
from ...files.writing import write_atomically

FILE = 'pseudo_labels.json'
KIND = 'pseudo-labels of mmseg_balance'


class LabelRecord:
    """The file that says how a folder of labels was made, and what is in it.

    Args:
        folder: Folder of the labels; need not exist.
        settings: All that labels depend on; values that JSON keeps.

    Attributes:
        content (dict): What is written.

    Raises:
        FileExistsError: The folder has labels that were made otherwise;
            names the first setting that differs.
        NotADirectoryError: The folder is a file.
    """

    def __init__(self, folder: Path, settings: Mapping[str, Any]) -> None:
        self.path = folder / FILE
        self.content: dict[str, Any] = dict(kind=KIND, settings=dict(settings))
        before = self._read()
        if before is not None:
            self._check(before['settings'], settings)
            self.content = before

    @property
    def thresholds(self) -> np.ndarray | None:
        """Of each class, float32 (C,); None before they are known."""
        found = self.content.get('thresholds')
        return None if found is None else np.array(found, np.float32)

    def note(self, **found: Any) -> None:
        """Write what has become known.

        Args:
            **found: Arrays as lists.
        """
        self.content |= found
        text = json.dumps(self.content, indent=1)
        write_atomically(self.path, text.encode())

    def _read(self) -> dict[str, Any] | None:
        folder = self.path.parent
        if folder.exists() and not folder.is_dir():
            raise UserNotADirectoryError(
                f'--out {folder} is a file: name a folder'
            )
        if not self.path.exists():
            return None
        try:
            content = json.loads(self.path.read_text())
            if content['kind'] == KIND and isinstance(
                content['settings'], dict
            ):
                return content
        except (OSError, ValueError, KeyError, TypeError):
            pass
        raise UserFileExistsError(
            f'{self.path} is not of pseudo-labels: name another folder with '
            '--out'
        )

    def _check(
        self, before: Mapping[str, Any], now: Mapping[str, Any]
    ) -> None:
        for key in {**now, **before}:
            if before.get(key) != now.get(key):
                raise UserFileExistsError(
                    f'{self.path.parent} has pseudo-labels of another run: '
                    f'{key} was {before.get(key)!r} and is {now.get(key)!r} '
                    'now; name another folder with --out, or remove this one '
                    'to have its labels written anew'
                )


def report(content: Mapping[str, Any]) -> list[str]:
    """What a record says of each class, as a table.

    Args:
        content: Of a ``LabelRecord``, when all labels are written.

    Returns:
        Its lines, and one for each class that was never predicted.
    """
    classes = content['classes']
    predicted, labelled = (
        np.array(content[key], np.int64)
        for key in ('predicted_pixels', 'labelled_pixels')
    )
    width = max(map(len, [*classes, 'class']))
    head = f'{"class":{width}}  predicted  threshold  labelled  of all labels'
    lines = [head]
    for i, name in enumerate(classes):
        if not predicted[i]:
            lines.append(f'{name:{width}}  {"0.00 %":>9}')
            continue
        lines.append(
            f'{name:{width}}  {_percent(predicted[i], predicted.sum()):>9}'
            f'  {content["thresholds"][i]:9.4f}'
            f'  {_percent(labelled[i], predicted[i]):>8}'
            f'  {_percent(labelled[i], labelled.sum()):>13}'
        )
    lines.append(
        f'{"all":{width}}  {"":9}  {"":9}'
        f'  {_percent(labelled.sum(), predicted.sum()):>8}'
    )
    return lines + absent_lines(classes, predicted, labelled)


def absent_lines(
    classes: Sequence[str], predicted: np.ndarray, labelled: np.ndarray
) -> list[str]:
    """What is to be said of classes without a label.

    Args:
        classes: Names of the C classes.
        predicted, labelled: Pixels of each, (C,).
    """
    never = [n for n, p in zip(classes, predicted, strict=True) if not p]
    lines = []
    if never:
        lines.append(
            f'never predicted, so without a threshold: {", ".join(never)}; a '
            'training on these labels learns nothing of them from the target'
        )
    lost = [
        name
        for name, p, n in zip(classes, predicted, labelled, strict=True)
        if p and not n
    ]
    if lost:
        lines.append(
            f'without any label, all pixels being below the threshold: '
            f'{", ".join(lost)}; lower --threshold'
        )
    return lines


def _percent(part: int, whole: int) -> str:
    return f'{100 * part / max(whole, 1):.2f} %'
