"""What a folder of predictions was made with, kept beside them."""

import json
from pathlib import Path
from typing import Any

from ...files.writing import write_atomically

FILE = 'predict.json'


def check_record(
    folder: Path, settings: dict[str, Any], pictures: dict[str, Any]
) -> dict[str, Any]:
    """Refuse a folder with predictions of another model.

    Args:
        folder: Folder of results; need not exist.
        settings: What predictions depend on.
        pictures: What pictures beside them depend on; None where such are
            not made, by this run or by the one before.

    Returns:
        ``pictures``, with what the folder has of those that are not made.

    Raises:
        FileExistsError: There are some of another, or made otherwise; names
            the first setting that differs.
        NotADirectoryError: The folder is a file.
    """
    if folder.exists() and not folder.is_dir():
        raise NotADirectoryError(f'--out {folder} is a file: name a folder')
    file = folder / FILE
    if not file.exists():
        return pictures
    try:
        content = json.loads(file.read_text())
        before, drawn = dict(content['settings']), dict(content['pictures'])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise FileExistsError(
            f'{file} is not of predictions: name another folder with --out'
        ) from error
    pictures = {
        k: drawn.get(k) if v is None else v for k, v in pictures.items()
    }
    drawn = {
        k: pictures[k] if drawn.get(k) is None else drawn[k] for k in pictures
    }
    before, now = {**before, **drawn}, {**settings, **pictures}
    for key in {**now, **before}:
        if before.get(key) != now.get(key):
            raise FileExistsError(
                f'{folder} has predictions of another run: {key} was '
                f'{before.get(key)!r} and is {now.get(key)!r} now; name '
                'another folder with --out'
            )
    return pictures


def write_record(
    folder: Path,
    settings: dict[str, Any],
    pictures: dict[str, Any],
    origin: dict[str, Any],
) -> None:
    """Say what predictions are made with, before the first of them.

    Args:
        folder: Folder of results; made where it is missing.
        settings: What they depend on.
        pictures: What :func:`check_record` returned.
        origin: What else a reader wants to know.
    """
    content = dict(settings=settings, pictures=pictures, **origin)
    write_atomically(folder / FILE, json.dumps(content, indent=1).encode())
