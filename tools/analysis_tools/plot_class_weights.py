"""Draw the class weights that ClassWeightsHook wrote down.

python tools/analysis_tools/plot_class_weights.py WORK_DIR

One picture for each loss and branch: how the weight of each class went
through the training, its mean, standard deviation and largest value. The
files of a training that was resumed are put together.
"""

import argparse
import json
import sys
from pathlib import Path

import numpy as np

from mmseg_balance.engine.hooks.class_weights_hook import FILE
from mmseg_balance.files.writing import write_atomically
from mmseg_balance.visualization.class_weight_figure import (
    class_weight_figure,
)

KEYS = ('iter', 'loss', 'branch', 'calls', 'mean', 'max', 'variance')


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description='Draw the class weights of a training with GBWLoss or '
        'LBWLoss'
    )
    parser.add_argument('work_dir', type=Path, help='folder of the training')
    parser.add_argument(
        '--out',
        type=Path,
        metavar='FOLDER',
        help='folder for the pictures; by default WORK_DIR',
    )
    return parser.parse_args()


def read(
    work_dir: Path,
) -> tuple[list[str] | None, dict[tuple[str, str], list[dict]]]:
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
        raise FileNotFoundError(
            f'no {FILE} in the folders of {work_dir}: train with '
            "dict(type='ClassWeightsHook') in custom_hooks, for an iteration "
            'or more'
        )
    classes, lines = None, {}
    for file in files:
        header, found = read_file(file)
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


def read_file(file: Path) -> tuple[dict, list[dict]]:
    """Header and lines of one run.

    Args:
        file: The file. Its last line may be half written.

    Returns:
        The header, {} without; and the lines.

    Raises:
        ValueError: The file is damaged; names it and the line.
    """
    header, lines = {}, []
    texts = file.read_text().splitlines()
    for number, text in enumerate(texts, 1):
        try:
            line = json.loads(text)
            if 'classes' in line:
                header = line
            else:
                lines.append({key: line[key] for key in KEYS})
        except (KeyError, TypeError, ValueError) as error:
            if number == len(texts) and not text.endswith('}'):
                print(f'{file}: its last line is cut off', file=sys.stderr)
                break
            raise ValueError(
                f'{file}, line {number}: {type(error).__name__}: {error}'
            ) from error
    return header, lines


def main() -> None:
    """Draw a picture for each loss and branch."""
    args = parse_args()
    try:
        classes, lines = read(args.work_dir)
    except (OSError, ValueError) as error:
        sys.exit(f'error: {error}')
    out = args.out or args.work_dir
    for (loss, branch), of in lines.items():
        columns = {key: np.array([x[key] for x in of]) for key in KEYS[3:]}
        names = classes or [str(c) for c in range(columns['mean'].shape[1])]
        picture = class_weight_figure(
            [x['iter'] for x in of],
            columns['calls'],
            columns['mean'],
            columns['max'],
            columns['variance'],
            names,
            f'{loss}, {branch}',
        )
        short = loss.removeprefix('student.').replace('.', '_')
        path = out / f'class_weights_{short}_{branch}.png'
        write_atomically(path, picture)
        print(path)


if __name__ == '__main__':
    main()
