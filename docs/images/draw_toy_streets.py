"""Draw toy_streets.png from what ``make demo`` left, in a checkout.

    python docs/images/draw_toy_streets.py work_dirs/demo

Rows are the images of the validation set of the toy streets in which the
predictions differ most, columns the image, its label, and the predictions of
each test in the folder.
"""

import sys
from pathlib import Path

import matplotlib

matplotlib.use('Agg')

import matplotlib.pyplot as plt
import mmengine
from mmseg.registry import DATASETS

from mmseg_balance.visualization import colour_labels, read_samples

ROWS = 2


def main(work_dir: Path) -> None:
    """Draw the picture.

    Args:
        work_dir: Work folder of the demo.
    """
    folders = {'DACS': 'dacs_lite0_*', 'DACS + BLDA': 'dacs_blda_lite0_*'}
    runs = {k: max(work_dir.glob(v)) for k, v in folders.items()}
    dataset = DATASETS.build(
        dict(
            type='CityscapesDataset',
            data_root='data/toy_streets/toy_cityscapes',
            data_prefix=dict(
                img_path='leftImg8bit/val', seg_map_path='gtFine/val'
            ),
            pipeline=[],
        )
    )
    predictions = {k: v / 'predictions' for k, v in runs.items()}
    samples = read_samples(dataset, predictions, ROWS)
    columns = ['target image', 'label (not used)', *runs]
    figure, axes = plt.subplots(
        ROWS, len(columns), figsize=(10, 2.75), layout='constrained'
    )
    for row, sample in zip(axes, samples, strict=True):
        palette = dataset.metainfo['palette']
        maps = [sample.label, *sample.predictions.values()]
        pictures = [sample.image, *(colour_labels(m, palette) for m in maps)]
        for axis, picture in zip(row, pictures, strict=True):
            axis.imshow(picture, interpolation='nearest')
            axis.set_axis_off()
    for axis, name in zip(axes[0], columns, strict=True):
        axis.set_title(name, fontsize=9)
    for axis, run in zip(axes[0, 2:], runs, strict=True):
        scores = mmengine.load(runs[run] / 'scores.json')
        axis.set_title(
            f'{run}: mIoU {scores["mIoU"]:.1f}, mAcc {scores["mAcc"]:.1f}',
            fontsize=9,
        )
    figure.savefig(Path(__file__).parent / 'toy_streets.png', dpi=80)


if __name__ == '__main__':
    main(Path(sys.argv[1]))
