"""What a training has logged, from the files of its folder."""

import json
from pathlib import Path

from ...errors import UserFileNotFoundError, UserValueError

FILE = 'scalars.json'
# where mmengine's LocalVisBackend writes it
PLACE = f'*/vis_data/{FILE}'

Scalars = dict[str, list[tuple[int, float]]]


def read_scalars(work_dir: Path) -> Scalars:
    """Scalars of a training by name, in the order of iterations.

    Args:
        work_dir: Its folder. Where it was resumed, what was repeated counts
            once: what the later run says of an iteration.

    Returns:
        For each name pairs of iteration and value.

    Raises:
        FileNotFoundError: There are none; says where they should be.
        ValueError: A file is damaged; names it and the line.
    """
    files = sorted(Path(work_dir).glob(PLACE))
    if not any(file.stat().st_size for file in files):
        raise UserFileNotFoundError(
            f'{work_dir} has no {PLACE}: name the work folder of a training '
            'that has logged something, with '
            "vis_backends=[dict(type='LocalVisBackend')] in its config"
        )
    scalars: Scalars = {}
    for file in files:
        lines = _read_file(file)
        if not lines:
            continue
        first = min(step for step, _ in lines)
        for name, values in scalars.items():
            scalars[name] = [pair for pair in values if pair[0] < first]
        for step, line in lines:
            for name, value in line.items():
                scalars.setdefault(name, []).append((step, value))
    return {name: values for name, values in scalars.items() if values}


def last_values(scalars: Scalars) -> dict[str, float]:
    """The last value of each scalar.

    Args:
        scalars: Of :func:`read_scalars`.
    """
    return {name: values[-1][1] for name, values in scalars.items()}


def _read_file(file: Path) -> list[tuple[int, dict[str, float]]]:
    """Steps and numbers of each line; the last may be half written."""
    lines = []
    texts = file.read_text().splitlines()
    for number, text in enumerate(texts, 1):
        try:
            content = json.loads(text)
            step = int(content['step'])
        except (KeyError, TypeError, ValueError) as error:
            if number == len(texts) and not text.endswith('}'):
                break  # of a run that was killed, or goes on
            raise UserValueError(
                f'{file}, line {number}: {type(error).__name__}: {error}'
            ) from error
        numbers = {
            key: float(value)
            for key, value in content.items()
            if isinstance(value, (int, float)) and key not in ('step', 'iter')
        }
        lines.append((step, numbers))
    return lines
