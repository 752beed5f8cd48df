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

from mmseg_balance.datasets.file_utils import write_atomically
from mmseg_balance.engine.hooks.class_weights_hook import FILE
from mmseg_balance.visualization.class_weight_figure import (
    class_weight_figure,
)


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
    if not files:
        raise FileNotFoundError(
            f'no {FILE} in the folders of {work_dir}: train with '
            "dict(type='ClassWeightsHook') in custom_hooks"
        )
    classes, lines = None, {}
    for file in files:
        first = True
        for number, text in enumerate(file.read_text().splitlines(), 1):
            try:
                line = json.loads(text)
            except ValueError as error:
                raise ValueError(f'{file}, line {number}: {error}') from error
            if 'iter' not in line:
                classes = line['classes'] or classes
                continue
            if first:  # a run that went on from there, or began anew
                lines = {
                    key: [x for x in of if x['iter'] < line['iter']]
                    for key, of in lines.items()
                }
                first = False
            lines.setdefault((line['loss'], line['branch']), []).append(line)
    return classes, {key: of for key, of in lines.items() if of}


def main() -> None:
    """Draw a picture for each loss and branch."""
    args = parse_args()
    try:
        classes, lines = read(args.work_dir)
    except (OSError, ValueError) as error:
        sys.exit(f'error: {error}')
    out = args.out or args.work_dir
    for (loss, branch), of in lines.items():
        columns = [[x[k] for x in of] for k in ('mean', 'max', 'variance')]
        columns = [np.array(c) for c in columns]
        names = classes or [str(c) for c in range(columns[0].shape[1])]
        picture = class_weight_figure(
            [x['iter'] for x in of], *columns, names, f'{loss}, {branch}'
        )
        short = loss.removeprefix('student.').replace('.', '_')
        path = out / f'class_weights_{short}_{branch}.png'
        write_atomically(path, picture)
        print(path)


if __name__ == '__main__':
    main()
