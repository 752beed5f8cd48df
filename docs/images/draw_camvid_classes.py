"""Draw camvid_classes.png from the scores in docs/benchmarks, in a checkout.

    python docs/images/draw_camvid_classes.py

Accuracy and bias of each class on CamVid day -> dusk, student, mean over the
seeds that all of the methods have.
"""

import sys
from pathlib import Path

import mmengine
import numpy as np

from mmseg_balance.datasets import CamVidDataset
from mmseg_balance.visualization import class_bars

IMAGES = Path(__file__).parent
SCORES = IMAGES.parent / 'benchmarks' / 'pairs' / 'camvid_day2dusk'
RUNS = {
    'DACS': 'dacs',
    'DACS + BLDA, tau 0.5': 'dacs_blda_tau0.5',
}
CLASSES = CamVidDataset.METAINFO['classes']
KEYS = [f'{score}.{c}' for score in ('Acc', 'Bias') for c in CLASSES]


def main() -> None:
    """Average over the seeds, and draw."""
    files = {
        name: {
            file.stem.removeprefix(stem): file
            for file in SCORES.glob(f'{stem}_seed[0-9]*.json')
        }
        for name, stem in RUNS.items()
    }
    seeds = sorted(set.intersection(*({*own} for own in files.values())))
    if not seeds:
        sys.exit(f'{SCORES} has no seed of all of {", ".join(RUNS.values())}')
    print('mean of', *seeds)
    runs = {}
    for name, own in files.items():
        scores = [mmengine.load(own[seed])['student'] for seed in seeds]
        runs[name] = {k: np.mean([s[k] for s in scores]) for k in KEYS}
    (IMAGES / 'camvid_classes.png').write_bytes(class_bars(runs, CLASSES))


if __name__ == '__main__':
    main()
