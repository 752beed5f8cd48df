"""Class weights that ClassWeightsHook wrote down, from a training's folder."""

import json
import sys
from pathlib import Path
from typing import Any

from ...engine.hooks.class_weights_hook import FILE
from ...errors import UserFileNotFoundError, UserValueError

KEYS = ('iter', 'loss', 'branch', 'calls', 'mean', 'max', 'variance')
# names of what a loss classifies, where these are not all classes
NAMES = 'names'

# by loss and branch
Lines = dict[tuple[str, str], list[dict[str, Any]]]


def read_class_weights(work_dir: Path) -> tuple[list[str] | None, Lines]:
    """Lines of a training, by loss and branch.

    Args:
        work_dir: Its folder. Where it was resumed, what was repeated counts
            once.

    Returns:
        Names of the classes, where they are known; and for each (loss,
        branch) its lines in the order of iterations.

    Raises:
        FileNotFoundError: There are none; says what writes them.
        ValueError: A file is damaged; names it and the line.
    """
    files = sorted(work_dir.glob(f'*/{FILE}'))
    if not any(file.stat().st_size for file in files):
        raise UserFileNotFoundError(
            f'no {FILE} in the folders of {work_dir}: train with '
            "dict(type='ClassWeightsHook') in custom_hooks, for an iteration "
            'or more'
        )
    classes: list[str] | None = None
    lines: Lines = {}
    for file in files:
        header, found = _read_file(file)
        classes = header.get('classes') or classes
        begin = header.get('begin', 0)  # where this run went on, or 0
        lines = {
            key: [line for line in of if line['iter'] <= begin]
            for key, of in lines.items()
        }
        for line in found:
            key = line['loss'], line['branch']
            lines.setdefault(key, []).append(line)
    return classes, {key: of for key, of in lines.items() if of}


def _read_file(file: Path) -> tuple[dict, list[dict]]:
    """Header and lines of one run.

    Args:
        file: The file. Its last line may be half written.

    Returns:
        The header, {} without; and the lines.

    Raises:
        ValueError: The file is damaged; names it and the line.
    """
    header: dict[str, Any] = {}
    lines: list[dict[str, Any]] = []
    texts = file.read_text().splitlines()
    for number, text in enumerate(texts, 1):
        try:
            line = json.loads(text)
            if 'classes' in line:
                header = line
            else:
                found = {key: line[key] for key in KEYS}
                own = {key: line[key] for key in (NAMES,) if key in line}
                lines.append(found | own)
        except (KeyError, TypeError, ValueError) as error:
            if number == len(texts) and not text.endswith('}'):
                print(f'{file}: its last line is cut off', file=sys.stderr)
                break
            raise UserValueError(
                f'{file}, line {number}: {type(error).__name__}: {error}'
            ) from error
    return header, lines
