"""Draw camvid_classes.png from the scores in docs/benchmarks, in a checkout.

    python docs/images/draw_camvid_classes.py

Accuracy and bias of each class on CamVid day -> dusk, student, mean of three
seeds.
"""

from pathlib import Path

import mmengine
import numpy as np

from mmseg_balance.datasets import CamVidDataset
from mmseg_balance.visualization import class_bars

IMAGES = Path(__file__).parent
SCORES = IMAGES.parent / 'benchmarks' / 'camvid_day2dusk'
RUNS = {
    'source only': 'source_only',
    'DACS': 'dacs',
    'DACS + OLA on the source': 'dacs_ola-source_tau0.5',
    'DACS + OLA': 'dacs_ola_tau0.5',
}
CLASSES = CamVidDataset.METAINFO['classes']
KEYS = [f'{score}.{c}' for score in ('Acc', 'Bias') for c in CLASSES]


def main() -> None:
    """Average over the seeds, and draw."""
    runs = {}
    for name, stem in RUNS.items():
        seeds = [
            mmengine.load(SCORES / f'{stem}_seed{i}.json')['student']
            for i in range(3)
        ]
        runs[name] = {k: np.mean([s[k] for s in seeds]) for k in KEYS}
    (IMAGES / 'camvid_classes.png').write_bytes(class_bars(runs, CLASSES))


if __name__ == '__main__':
    main()
