"""Draw panoptic.png from panoptic trainings, or tests of such.

    python docs/images/draw_panoptic.py NAME=WORK_DIR [NAME=WORK_DIR ...]

Rows are images of the validation set in which the runs differ most (of one
run, it and the label), columns the image, its labelled segments, and those
that each checkpoint predicts. Data sets are looked for where the variable
MMSEG_BALANCE_DATA says.
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
from mmseg_balance.visualization.panoptic.panel import segment_panel

ROWS = 2
WIDTH = 3.2  # inches of a picture
DPI = 100


def main(runs: list[str]) -> None:
    """Draw the picture.

    Args:
        runs: Name and work folder of each run.
    """
    names, _, folders = zip(*(run.partition('=') for run in runs), strict=True)
    compared = compare_runs(folders, names=names)
    samples, notes = find_samples(compared.groups, ROWS)
    print('\n'.join(notes))
    palette, classes = palette_of(compared), compared.comparison.classes
    columns = ['target image', 'segments (not used)']
    for method in compared.comparison.methods:
        columns.append(f'{method.name}\nmPQ {method.scores["mPQ"].mean:.1f}')
    ratio = samples[0].image.shape[0] / samples[0].image.shape[1]
    figure, axes = plt.subplots(
        len(samples),
        len(columns),
        figsize=(WIDTH * len(columns), len(samples) * WIDTH * ratio + 0.4),
        layout='constrained',
        squeeze=False,
    )
    width = round(WIDTH * DPI)
    for row, sample in zip(axes, samples, strict=True):
        maps = [sample.label_segments, *sample.segments.values()]
        panels = [segment_panel(m, palette, classes, width) for m in maps]
        for axis, picture in zip(row, [sample.image, *panels], strict=True):
            axis.imshow(picture, interpolation='nearest')
            axis.set_axis_off()
    for axis, name in zip(axes[0], columns, strict=True):
        axis.set_title(name, fontsize=8)
    buffer = io.BytesIO()
    figure.savefig(buffer, dpi=DPI)
    image = Image.open(buffer).convert('RGB').quantize(255)
    image.save(Path(__file__).parent / 'panoptic.png', optimize=True)


if __name__ == '__main__':
    main(sys.argv[1:])
