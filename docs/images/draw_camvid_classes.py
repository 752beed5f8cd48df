"""Draw camvid_classes.png from the scores in docs/benchmarks, in a checkout.

    python docs/images/draw_camvid_classes.py

Accuracy and bias of each class on CamVid day -> dusk, student, mean over the
seeds.
"""

from pathlib import Path

import mmengine
import numpy as np

from mmseg_balance.datasets import CamVidDataset
from mmseg_balance.visualization import class_bars

IMAGES = Path(__file__).parent
SCORES = IMAGES.parent / 'benchmarks' / 'pairs' / 'camvid_day2dusk'
RUNS = {
    'source only': 'source_only',
    'DACS': 'dacs',
    'DACS + BLDA, tau 0.5': 'dacs_blda_tau0.5',
}
CLASSES = CamVidDataset.METAINFO['classes']
KEYS = [f'{score}.{c}' for score in ('Acc', 'Bias') for c in CLASSES]


def main() -> None:
    """Average over the seeds, and draw."""
    runs = {}
    for name, stem in RUNS.items():
        files = SCORES.glob(f'{stem}_seed[0-9]*.json')
        seeds = [mmengine.load(file)['student'] for file in files]
        runs[name] = {k: np.mean([s[k] for s in seeds]) for k in KEYS}
    (IMAGES / 'camvid_classes.png').write_bytes(class_bars(runs, CLASSES))


if __name__ == '__main__':
    main()
