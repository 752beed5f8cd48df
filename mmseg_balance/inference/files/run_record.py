"""What a folder of predictions was made with, kept beside them."""

import json
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path, PurePath
from typing import Any

from ...errors import UserFileExistsError, UserNotADirectoryError
from ...files.writing import write_atomically
from .inputs import Input

FILE = 'predict.json'


class RunRecord:
    """Refuses a folder with predictions of another model, or of other images.

    Args:
        folder: Folder of results; need not exist.
        settings: What predictions depend on.
        pictures: What pictures beside them depend on; None where such are
            not made, by this run or by those before.
        inputs: The images and videos.
        place: Where results of a name are; empty where there are none.

    Raises:
        FileExistsError: There are predictions of another model, made
            otherwise, or of other files of the same names; names the first
            setting, or file, that differs.
        NotADirectoryError: The folder is a file.
    """

    def __init__(
        self,
        folder: Path,
        settings: Mapping[str, Any],
        pictures: Mapping[str, Any],
        inputs: Sequence[Input],
        place: Callable[[PurePath], str],
    ) -> None:
        self._folder, self._place = folder, place
        before = self._read()
        self._settings = dict(settings)
        self._check(before['settings'] or settings, settings)
        drawn = before['pictures']
        known = {k: v for k, v in drawn.items() if v is not None}
        made = {k: v for k, v in pictures.items() if v is not None}
        both = known.keys() & made.keys()
        self._check(*({k: of[k] for k in both} for of in (known, made)))
        self._pictures = {**known, **made}
        self._inputs = before['inputs']
        for one in inputs:
            self._add(one)

    def write(self, **origin: Any) -> None:
        """Say what predictions are made with, before the first of them.

        Args:
            **origin: What else a reader wants to know.
        """
        content = dict(
            settings=self._settings,
            **origin,
            pictures=self._pictures,
            inputs=self._inputs,
        )
        text = json.dumps(content, indent=1)
        write_atomically(self._folder / FILE, text.encode())

    def _read(self) -> dict[str, dict]:
        if self._folder.exists() and not self._folder.is_dir():
            raise UserNotADirectoryError(
                f'--out {self._folder} is a file: name a folder'
            )
        keys = ('settings', 'pictures', 'inputs')
        file = self._folder / FILE
        if not file.exists():
            return {key: {} for key in keys}
        try:
            content = json.loads(file.read_text())
            return {key: dict(content[key]) for key in keys}
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise UserFileExistsError(
                f'{file} is not of predictions: name another folder with --out'
            ) from error

    def _check(
        self, before: Mapping[str, Any], now: Mapping[str, Any]
    ) -> None:
        for key in {**now, **before}:
            if before.get(key) != now.get(key):
                raise UserFileExistsError(
                    f'{self._folder} has predictions of another run: {key} '
                    f'was {before.get(key)!r} and is {now.get(key)!r} now; '
                    'name another folder with --out'
                )

    def _add(self, one: Input) -> None:
        name, path = one.name.as_posix(), os.path.abspath(one.path)
        before = self._inputs.get(name, path)
        place = self._place(one.name) if before != path else ''
        if place:
            raise UserFileExistsError(
                f'{place} is of {before}, and {path} has the same name: name '
                'another folder with --out, or give both folders to --input '
                'at once'
            )
        self._inputs[name] = path
