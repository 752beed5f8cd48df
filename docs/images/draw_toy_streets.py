"""Draw toy_streets.png from what ``make demo`` left, in a checkout.

    python docs/images/draw_toy_streets.py work_dirs/demo

Rows are the images of the validation set of the toy streets in which the
tests differ most, columns the image, its label, and the predictions of each
test in the folder.
"""

import io
import sys
from pathlib import Path

import matplotlib

matplotlib.use('Agg')

import matplotlib.pyplot as plt
from PIL import Image

from mmseg_balance.runs.comparison.compared import compare_runs
from mmseg_balance.runs.comparison.page.content import palette_of
from mmseg_balance.runs.comparison.page.samples import find_samples
from mmseg_balance.runs.demo_run import POST_HOC
from mmseg_balance.visualization import colour_labels

ROWS = 2
RUNS = {'DACS': 'dacs_lite0_*', 'DACS + BLDA': 'dacs_blda_lite0_*'}


def main(work_dir: Path) -> None:
    """Draw the picture.

    Args:
        work_dir: Work folder of the demo.
    """
    tests = {}
    for name, pattern in RUNS.items():
        folder = max(work_dir.glob(pattern), key=lambda p: p.stat().st_mtime)
        tests[name] = folder / 'test'
        tests[name + POST_HOC] = folder / 'post_hoc'
    compared = compare_runs(list(tests.values()), names=list(tests))
    samples, _ = find_samples(compared.groups, ROWS)
    palette = palette_of(compared)
    columns = ['target image', 'label (not used)']
    for method in compared.comparison.methods:
        miou, macc = (method.scores[key].mean for key in ('mIoU', 'mAcc'))
        name = method.name.replace(POST_HOC, '\npost-hoc, tau 1')
        columns.append(f'{name}\nmIoU {miou:.1f}, mAcc {macc:.1f}')
    figure, axes = plt.subplots(
        ROWS, len(columns), figsize=(13, 2.9), layout='constrained'
    )
    for row, sample in zip(axes, samples, strict=True):
        maps = [sample.label, *sample.predictions.values()]
        pictures = [sample.image, *(colour_labels(m, palette) for m in maps)]
        for axis, picture in zip(row, pictures, strict=True):
            axis.imshow(picture, interpolation='nearest')
            axis.set_axis_off()
    for axis, name in zip(axes[0], columns, strict=True):
        axis.set_title(name, fontsize=8)
    buffer = io.BytesIO()
    figure.savefig(buffer, dpi=100)
    image = Image.open(buffer).convert('RGB').quantize(255)
    image.save(Path(__file__).parent / 'toy_streets.png', optimize=True)


if __name__ == '__main__':
    main(Path(sys.argv[1]))
